import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Location } from './location.ts'
import { runAlone } from './single-user.ts'

/** The farm connects as this, and nobody as anything else. */
export const farmRole = 'rumpfarm'
export const farmDatabase = 'postgres'

// Our mark that the role exists; lines that an administrator adds below stay.
const accessHeader = '# Rumpfarm: only its own role may connect, by the socket and with its password.'
const access = `${accessHeader}\nlocal all ${farmRole} scram-sha-256\n`

export interface RoleRequest {
  password: string
  /** Whether it may make further databases, as tests do. */
  createDatabases: boolean
}

/**
 * Lets the farm in as a role that owns its database and is no superuser. A database of an earlier version belonged to a
 * superuser, whose tables it is given. Does nothing where it was done before.
 */
export const letFarmIn = (location: Location, data: string, { password, createDatabases }: RoleRequest): void => {
  const file = join(data, 'pg_hba.conf')
  if (existsSync(file) && readFileSync(file, 'utf8').startsWith(accessHeader)) return
  runAlone(location, data, [
    `DO $$ BEGIN CREATE ROLE ${farmRole}; EXCEPTION WHEN duplicate_object THEN END $$`,
    `ALTER ROLE ${farmRole} LOGIN ${createDatabases ? 'CREATEDB' : ''} PASSWORD '${password}'`,
    `ALTER DATABASE ${farmDatabase} OWNER TO ${farmRole}`,
    giveAwayEverything,
  ])
  writeFileSync(file, access) // last: the mark
}

/** What PostgreSQL does not need for itself goes to the farm's role. A sequence of a column goes with its table. */
const giveAwayEverything = `DO $$
DECLARE change text;
BEGIN
  FOR change IN
    WITH ours AS (SELECT * FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
    SELECT format('SCHEMA %I', nspname) FROM ours WHERE nspname <> 'public'
    UNION ALL
    SELECT format('TABLE %I.%I', nspname, relname) FROM pg_class JOIN ours ON ours.oid = relnamespace
     WHERE relkind IN ('r', 'p', 'v', 'm')
        OR relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i'))
    UNION ALL
    SELECT format('TYPE %I.%I', nspname, typname) FROM pg_type JOIN ours ON ours.oid = typnamespace WHERE typtype IN ('e', 'd')
    UNION ALL
    SELECT format('ROUTINE %s', pg_proc.oid::regprocedure) FROM pg_proc JOIN ours ON ours.oid = pronamespace
  LOOP
    EXECUTE format('ALTER %s OWNER TO ${farmRole}', change);
  END LOOP;
END $$`
