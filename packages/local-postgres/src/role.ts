import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Location } from './location.ts'
import { runInSingleUserMode } from './single-user.ts'

/** The only role that can connect. */
const farmRole = 'rumpfarm'
const farmDatabase = 'postgres'

export const databaseUrl = (password: string, socketDirectory: string): string =>
  `postgresql://${farmRole}:${password}@${encodeURIComponent(socketDirectory)}/${farmDatabase}`

// In pg_hba.conf, this line shows that the role exists. An administrator can add lines below this line.
const accessHeader = '# Rumpfarm: only its own role may connect, by the socket and with its password.'
const access = `${accessHeader}\nlocal all ${farmRole} scram-sha-256\n`

export interface RoleRequest {
  password: string
  /** Whether the role may create databases, as tests do. */
  createDatabases: boolean
}

/**
 * Creates the farm's role, which owns the database and is not a superuser. In a database from an earlier version of the
 * farm, a superuser owns the tables, so this function makes the role their owner. Does nothing if the role exists.
 */
export const createFarmRole = (location: Location, data: string, { password, createDatabases }: RoleRequest): void => {
  const file = join(data, 'pg_hba.conf')
  if (existsSync(file) && readFileSync(file, 'utf8').startsWith(accessHeader)) return
  runInSingleUserMode(location, data, [
    `DO $$ BEGIN CREATE ROLE ${farmRole}; EXCEPTION WHEN duplicate_object THEN END $$`,
    'SET scram_iterations = 1', // the password is random: nobody can guess it, and a slow check delays each connection
    `ALTER ROLE ${farmRole} LOGIN ${createDatabases ? 'CREATEDB' : ''} PASSWORD '${password}'`,
    `ALTER DATABASE ${farmDatabase} OWNER TO ${farmRole}`,
    changeOwners,
  ])
  writeFileSync(file, access) // this is the last step, because the file shows that the role exists
}

/**
 * The farm's role becomes the owner of everything except PostgreSQL's own objects. The sequence of a column changes its
 * owner together with the column's table.
 */
const changeOwners = `DO $$
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
