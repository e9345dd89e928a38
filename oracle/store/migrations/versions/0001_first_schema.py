"""Readings, refusals, proposals, and the view through which other rooms read data sets."""

from alembic import context, op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE {schema}.reading (
    meter_id bytea NOT NULL CHECK (length(meter_id) = 32),
    seq bigint NOT NULL,
    "timestamp" bigint NOT NULL,
    period_seconds bigint NOT NULL,
    import_wh bigint NOT NULL,
    export_wh bigint NOT NULL,
    generated_wh bigint NOT NULL,
    flags bigint NOT NULL,
    record bytea NOT NULL CHECK (length(record) = 146),
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (meter_id, seq)
);
CREATE TABLE {schema}.refusal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    topic text NOT NULL,
    meter_id bytea,
    seq bigint,
    status smallint NOT NULL,
    reason text NOT NULL,
    payload bytea NOT NULL
);
CREATE TABLE {schema}.proposal (
    interval bigint PRIMARY KEY,
    data_hash bytea NOT NULL,
    production_root bytea NOT NULL,
    consumption_root bytea NOT NULL,
    production_total_wh bigint NOT NULL,
    consumption_total_wh bigint NOT NULL,
    leaf_count integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE {schema}.proposal_leaf (
    interval bigint NOT NULL REFERENCES {schema}.proposal,
    meter_id bytea NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (interval, meter_id, seq),
    FOREIGN KEY (meter_id, seq) REFERENCES {schema}.reading
);
CREATE UNIQUE INDEX proposal_leaf_by_meter ON {schema}.proposal_leaf (meter_id, seq);
CREATE VIEW {schema}.data_set AS
    SELECT l.interval, p.data_hash, l.meter_id, l.seq, r.record
    FROM {schema}.proposal_leaf l
    JOIN {schema}.proposal p USING (interval)
    JOIN {schema}.reading r USING (meter_id, seq);
CREATE FUNCTION {schema}.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
"""
APPEND_ONLY = ("reading", "refusal", "proposal", "proposal_leaf")


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    op.execute(TABLES.format(schema=schema))
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {schema}.{table} "
            f"FOR EACH ROW EXECUTE FUNCTION {schema}.append_only()"
        )
