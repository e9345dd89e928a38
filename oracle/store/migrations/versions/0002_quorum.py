"""Several data sets an interval, what of them stands on the chain, clock, contradictions and disagreements.

What a single node had proposed becomes reported; the chain is read once from the deployment on to confirm it.
"""

from alembic import context, op

revision = "0002"
down_revision = "0001"

CHANGES = """
ALTER TABLE {schema}.reading ADD COLUMN adopted boolean NOT NULL DEFAULT false;

DROP VIEW {schema}.data_set;
DROP TRIGGER append_only ON {schema}.proposal_leaf;
ALTER TABLE {schema}.proposal_leaf
    ADD COLUMN data_hash bytea,
    ADD COLUMN record bytea CHECK (length(record) = 146),
    DROP CONSTRAINT proposal_leaf_interval_fkey,
    DROP CONSTRAINT proposal_leaf_meter_id_seq_fkey,
    DROP CONSTRAINT proposal_leaf_pkey;
DROP INDEX {schema}.proposal_leaf_by_meter;
UPDATE {schema}.proposal_leaf l SET data_hash = p.data_hash FROM {schema}.proposal p
    WHERE p.interval = l.interval;
ALTER TABLE {schema}.proposal
    DROP CONSTRAINT proposal_pkey,
    ADD PRIMARY KEY (interval, data_hash);
ALTER TABLE {schema}.proposal_leaf
    ADD PRIMARY KEY (interval, data_hash, meter_id, seq),
    ADD FOREIGN KEY (interval, data_hash) REFERENCES {schema}.proposal;
CREATE INDEX proposal_leaf_by_meter ON {schema}.proposal_leaf (meter_id, seq);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {schema}.proposal_leaf
    FOR EACH ROW EXECUTE FUNCTION {schema}.append_only();
COMMENT ON COLUMN {schema}.proposal_leaf.record IS
    'only where it is not what table reading holds under this meter and seq';
CREATE VIEW {schema}.data_set AS
    SELECT l.interval, l.data_hash, l.meter_id, l.seq, coalesce(l.record, r.record) AS record
    FROM {schema}.proposal_leaf l LEFT JOIN {schema}.reading r USING (meter_id, seq);

CREATE TABLE {schema}.reported (
    side text NOT NULL CHECK (side IN ('production', 'consumption')),
    interval bigint NOT NULL,
    data_hash bytea NOT NULL,
    root bytea NOT NULL,
    total_wh bigint NOT NULL,
    leaf_count integer NOT NULL,
    signers bigint NOT NULL,
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL,
    PRIMARY KEY (side, interval)
);
CREATE VIEW {schema}.reported_leaf AS
    SELECT d.interval, d.data_hash, d.meter_id, d.seq, d.record
    FROM {schema}.reported r JOIN {schema}.data_set d USING (interval, data_hash)
    WHERE r.side = 'production';
INSERT INTO {schema}.reported
    SELECT 'production', interval, data_hash, production_root, production_total_wh, leaf_count,
        0, 0, ''::bytea
    FROM {schema}.proposal
    UNION ALL
    SELECT 'consumption', interval, data_hash, consumption_root, consumption_total_wh, leaf_count,
        0, 0, ''::bytea
    FROM {schema}.proposal;

CREATE TABLE {schema}.chain_cursor (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    block_number bigint NOT NULL,
    block_hash bytea NOT NULL
);
CREATE TABLE {schema}.community_clock (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    unix_seconds bigint NOT NULL
);
CREATE TABLE {schema}.set_aside (
    meter_id bytea NOT NULL CHECK (length(meter_id) = 32),
    block_number bigint NOT NULL,
    first_record bytea NOT NULL CHECK (length(first_record) = 146),
    second_record bytea NOT NULL CHECK (length(second_record) = 146),
    words text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (meter_id, block_number)
);
CREATE TABLE {schema}.disagreement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    interval bigint NOT NULL,
    peer bytea,
    meter_id bytea,
    seq bigint,
    ours bytea,
    theirs bytea,
    words text NOT NULL
);

DROP TRIGGER append_only ON {schema}.refusal;
CREATE TRIGGER no_update BEFORE UPDATE ON {schema}.refusal
    FOR EACH ROW EXECUTE FUNCTION {schema}.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {schema}.set_aside
    FOR EACH ROW EXECUTE FUNCTION {schema}.append_only();
"""


def upgrade() -> None:
    op.execute(CHANGES.format(schema=context.config.attributes["schema"]))
