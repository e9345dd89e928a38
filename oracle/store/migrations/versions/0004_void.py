"""Readings that a key rotation made void stay; another statement may stand under their sequence number."""

from alembic import context, op

revision = "0004"
down_revision = "0003"

CHANGES = """
ALTER TABLE {schema}.reading
    ADD COLUMN voided boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT reading_pkey;
CREATE UNIQUE INDEX reading_key ON {schema}.reading (meter_id, seq) WHERE NOT voided;
CREATE FUNCTION {schema}.void_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.voided OR to_jsonb(NEW) - 'voided' <> to_jsonb(OLD) - 'voided' THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION {schema}.fill_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.record IS NOT NULL OR to_jsonb(NEW) - 'record' <> to_jsonb(OLD) - 'record' THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER append_only ON {schema}.reading;
CREATE TRIGGER append_only BEFORE DELETE ON {schema}.reading
    FOR EACH ROW EXECUTE FUNCTION {schema}.append_only();
CREATE TRIGGER void_only BEFORE UPDATE ON {schema}.reading
    FOR EACH ROW EXECUTE FUNCTION {schema}.void_only();
DROP TRIGGER append_only ON {schema}.proposal_leaf;
CREATE TRIGGER append_only BEFORE DELETE ON {schema}.proposal_leaf
    FOR EACH ROW EXECUTE FUNCTION {schema}.append_only();
CREATE TRIGGER fill_only BEFORE UPDATE ON {schema}.proposal_leaf
    FOR EACH ROW EXECUTE FUNCTION {schema}.fill_only();
CREATE OR REPLACE VIEW {schema}.data_set AS
    SELECT l.interval, l.data_hash, l.meter_id, l.seq, coalesce(l.record, r.record) AS record
    FROM {schema}.proposal_leaf l
    LEFT JOIN {schema}.reading r ON r.meter_id = l.meter_id AND r.seq = l.seq AND NOT r.voided;
"""


def upgrade() -> None:
    op.execute(CHANGES.format(schema=context.config.attributes["schema"]))
