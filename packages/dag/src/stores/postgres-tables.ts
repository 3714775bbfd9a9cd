import { recordColumns } from './record-row.ts'

/** The version of the tables. Source: our choice. */
export const schemaVersion = 1

/** Source: the tables of elara-runtime's SQLite storage; positions, values and their names are our choice. */
export const schema: string = `
  CREATE SCHEMA IF NOT EXISTS kithnet;
  CREATE TABLE IF NOT EXISTS kithnet.meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
  INSERT INTO kithnet.meta VALUES ('schema_version', '${schemaVersion}') ON CONFLICT DO NOTHING;
  CREATE TABLE IF NOT EXISTS kithnet.records (
    position BIGINT NOT NULL UNIQUE,
    id TEXT COLLATE "C" PRIMARY KEY,
    version INTEGER NOT NULL,
    content_hash BYTEA NOT NULL,
    creator_public_key BYTEA NOT NULL,
    timestamp DOUBLE PRECISION NOT NULL,
    classification SMALLINT NOT NULL,
    metadata TEXT NOT NULL,
    signature BYTEA,
    sphincs_signature BYTEA,
    zk_proof BYTEA,
    record_hash BYTEA NOT NULL,
    wire_bytes BYTEA NOT NULL,
    inserted_at DOUBLE PRECISION NOT NULL
  );
  CREATE TABLE IF NOT EXISTS kithnet.edges (
    child_id TEXT COLLATE "C" NOT NULL,
    parent_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (child_id, parent_id)
  );
  CREATE TABLE IF NOT EXISTS kithnet.attestations (
    record_id TEXT COLLATE "C" NOT NULL,
    witness_identity TEXT COLLATE "C" NOT NULL,
    witness_signature BYTEA NOT NULL,
    timestamp DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (record_id, witness_identity)
  );
  CREATE TABLE IF NOT EXISTS kithnet.stored_values (
    name TEXT COLLATE "C" PRIMARY KEY,
    value BYTEA NOT NULL
  );
  CREATE INDEX IF NOT EXISTS records_timestamp ON kithnet.records (timestamp);
  CREATE INDEX IF NOT EXISTS records_classification ON kithnet.records (classification);
  CREATE INDEX IF NOT EXISTS records_creator ON kithnet.records (sha256(creator_public_key));
  CREATE INDEX IF NOT EXISTS records_hash ON kithnet.records (record_hash);
  CREATE INDEX IF NOT EXISTS edges_parent ON kithnet.edges (parent_id);
`

const read = 'id, wire_bytes, record_hash, inserted_at'

/** What is asked of the database. */
export const sql = {
  lock: 'SELECT pg_try_advisory_lock($1::int, $2::int) AS locked',
  version: "SELECT value FROM kithnet.meta WHERE key = 'schema_version'",
  insert: `INSERT INTO kithnet.records (position, ${recordColumns.join(', ')}) SELECT * FROM unnest($1::bigint[], $2::text[], $3::int[], $4::bytea[], $5::bytea[], $6::float8[], $7::smallint[], $8::text[], $9::bytea[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[], $14::float8[]) ON CONFLICT (id) DO NOTHING`,
  knownBefore:
    'SELECT id FROM kithnet.records WHERE id = ANY($1::text[]) AND position < $2 LIMIT 1',
  insertEdges:
    'INSERT INTO kithnet.edges (child_id, parent_id) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING',
  get: `SELECT ${read} FROM kithnet.records WHERE id = ANY($1::text[])`,
  scan: `SELECT position, ${read} FROM kithnet.records WHERE position >= $1 ORDER BY position LIMIT $2`,
  attest:
    'INSERT INTO kithnet.attestations (record_id, witness_identity, witness_signature, timestamp) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::float8[]) ON CONFLICT DO NOTHING',
  attestationsOf:
    'SELECT witness_identity, witness_signature, timestamp FROM kithnet.attestations WHERE record_id = $1 ORDER BY witness_identity',
  setValue:
    'INSERT INTO kithnet.stored_values (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  removeValue: 'DELETE FROM kithnet.stored_values WHERE name = $1',
  value: 'SELECT value FROM kithnet.stored_values WHERE name = $1',
  values:
    'SELECT name, value FROM kithnet.stored_values WHERE name >= $1 AND name < $2 ORDER BY name',
}
