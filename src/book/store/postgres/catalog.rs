//! What a schema declares, held against what a book's declares: tables, guards and rights, and that
//! nothing else stands between the book and whoever asks.

use std::collections::BTreeMap;

use postgres::{Client, Error};

use crate::book::store::Flaw;

/// The tables, with their columns. All are logged, of whoever asks every row is shown, and no column is
/// filled by itself or may be empty.
const TABLES: [(&str, &str); 5] = [
    ("book", "format integer"),
    ("entry", "first bigint, kinds bytea, ends bytea, leaves bytea, bodies bytea"),
    ("node", "level smallint, number bigint, digest bytea"),
    ("run", "upto bigint, level smallint, since bigint, page bigint, firsts bytea"),
    ("run_page", "number bigint, keys bytea"),
];

/// Their indexes.
const INDEXES: [(&str, &str); 4] = [
    ("entry_pkey", "entry USING btree (first)"),
    ("node_pkey", "node USING btree (level, number)"),
    ("run_page_pkey", "run_page USING btree (number)"),
    ("run_pkey", "run USING btree (upto, level)"),
];

/// Tables and indexes with what is declared of them, and whatever else stands in the schema.
const RELATIONS: &str = "
    SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'i' THEN 'index' WHEN 'v' THEN 'view'
        WHEN 'S' THEN 'sequence' ELSE 'relation' END,
      c.relname::text,
      CASE c.relkind
        WHEN 'r' THEN (
          SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN '' ELSE ' or null' END
            || CASE WHEN a.atthasdef OR a.attidentity <> '' THEN ' by itself' ELSE '' END,
            ', ' ORDER BY a.attnum)
          FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
          || CASE WHEN c.relrowsecurity OR c.relforcerowsecurity THEN ' row by row' ELSE '' END
          || CASE WHEN c.relpersistence = 'p' THEN '' ELSE ' not logged' END
        WHEN 'i' THEN replace(pg_get_indexdef(c.oid),
          format('CREATE UNIQUE INDEX %s ON fenshui_book.', c.relname), '')
          || (SELECT CASE WHEN x.indisvalid AND x.indisready AND x.indislive AND x.indimmediate
              THEN '' ELSE ' switched off' END FROM pg_index x WHERE x.indexrelid = c.oid)
        ELSE '' END
    FROM pg_class c WHERE c.relnamespace = 'fenshui_book'::regnamespace AND c.relkind <> 'c'";

/// What no book declares: what rewrites or filters what is asked, what acts by itself, what hinders or
/// adds rows, and functions but the one that guards.
const OTHERS: &str = "
    WITH own AS (
      SELECT oid, relname FROM pg_class WHERE relnamespace = 'fenshui_book'::regnamespace)
    SELECT 'rule', format('%s on %s', r.rulename, own.relname), ''
      FROM pg_rewrite r JOIN own ON own.oid = r.ev_class WHERE r.rulename <> '_RETURN'
    UNION ALL SELECT 'policy', format('%s on %s', p.polname, own.relname), ''
      FROM pg_policy p JOIN own ON own.oid = p.polrelid
    UNION ALL SELECT 'trigger', format('%s on %s', t.tgname, own.relname), ''
      FROM pg_trigger t JOIN own ON own.oid = t.tgrelid
      WHERE t.tgname <> 'guard' AND NOT t.tgisinternal
    UNION ALL SELECT 'constraint', format('%s on %s', k.conname, own.relname), ''
      FROM pg_constraint k JOIN own ON own.oid = k.conrelid WHERE k.contype NOT IN ('p', 'n')
    UNION ALL SELECT 'table', format('%s under %s', i.inhrelid::regclass, own.relname), ''
      FROM pg_inherits i JOIN own ON own.oid = i.inhparent
    UNION ALL SELECT 'table', format('%s above %s', i.inhparent::regclass, own.relname), ''
      FROM pg_inherits i JOIN own ON own.oid = i.inhrelid
    UNION ALL SELECT 'function', proname::text, ''
      FROM pg_proc WHERE pronamespace = 'fenshui_book'::regnamespace AND proname <> 'refuse'";

/// For each table whether its guard is whole: on, before each statement that changes, removes or
/// empties, and refusing, by a function that nobody but the owner of the schema can change.
const GUARDS: &str = "
    SELECT 'trigger', format('guard of %s', c.relname),
      CASE WHEN t.tgenabled IN ('O', 'A') AND t.tgtype = 58 AND t.tgqual IS NULL
        AND t.tgattr = '' AND c.relhastriggers
        AND regexp_replace(p.prosrc, '\\s+', ' ', 'g') = ' BEGIN RAISE EXCEPTION '
          || '''a book is only added to'' USING ERRCODE = ''restrict_violation''; END '
        AND p.pronamespace = n.oid AND p.proname = 'refuse' AND p.proowner = n.nspowner
        AND p.proconfig IS NULL
        AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')
      THEN 'whole' ELSE 'changed' END
    FROM pg_trigger t
      JOIN pg_class c ON c.oid = t.tgrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE c.relnamespace = 'fenshui_book'::regnamespace AND t.tgname = 'guard'";

/// Rights on schema, tables and columns that anybody but their owner has and the book did not give, but for
/// those to read.
const RIGHTS: &str = "
    WITH given AS (
      SELECT c.relname, c.relowner, a.grantee, a.privilege_type, a.is_grantable
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE c.relnamespace = 'fenshui_book'::regnamespace AND c.relkind = 'r'
      UNION ALL SELECT c.relname, c.relowner, a.grantee, a.privilege_type, a.is_grantable
        FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid
          CROSS JOIN LATERAL aclexplode(t.attacl) a
        WHERE c.relnamespace = 'fenshui_book'::regnamespace AND c.relkind = 'r'
      UNION ALL SELECT nspname, nspowner, a.grantee, a.privilege_type, a.is_grantable
        FROM pg_namespace CROSS JOIN LATERAL aclexplode(nspacl) a
        WHERE oid = 'fenshui_book'::regnamespace)
    SELECT 'right', format('%s on %s of %s', privilege_type, relname,
      CASE WHEN grantee = 0 THEN 'everybody' ELSE grantee::regrole::text END), ''
    FROM given
    WHERE grantee <> relowner
      AND (is_grantable OR privilege_type NOT IN ('SELECT', 'USAGE', 'INSERT')
        OR privilege_type = 'INSERT' AND (relname = 'book' OR grantee NOT IN (
          SELECT oid FROM pg_roles WHERE rolname = 'fenshui_poster')))";

/// Settings by which guards are not asked.
const SETTINGS: &str = "
    SELECT 'setting', format('%s of %s', setting, CASE WHEN setrole <> 0 THEN setrole::regrole::text
      ELSE 'the database' END), ''
    FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(setconfig) setting
    WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND setting LIKE 'session_replication_role=%'
    UNION ALL SELECT 'setting', 'session_replication_role', ''
    WHERE current_setting('session_replication_role') = 'replica'";

/// Who could change the book without a right of his own: owners of tables that do not own the schema, or
/// that post or audit as well; and auditors who may post, posters and auditors who may write everywhere, make
/// roles, or what the owner may.
/// Superusers may everything, and are not looked at.
const ROLES: &str = "
    WITH owned AS (
      SELECT c.relname AS name, c.relowner AS owner FROM pg_class c
        WHERE c.relnamespace = 'fenshui_book'::regnamespace AND c.relkind = 'r'
      UNION ALL SELECT nspname, nspowner FROM pg_namespace WHERE nspname = 'fenshui_book'),
    users AS (SELECT oid FROM pg_roles WHERE rolname IN ('fenshui_poster', 'fenshui_auditor'))
    SELECT 'owner', format('%s of %s', owner::regrole, name), ''
    FROM owned JOIN pg_roles o ON o.oid = owner
    WHERE owner <> (SELECT nspowner FROM pg_namespace WHERE nspname = 'fenshui_book')
      OR NOT o.rolsuper AND EXISTS (SELECT FROM users WHERE pg_has_role(owner, oid, 'USAGE'))
    UNION ALL SELECT 'membership', format('%s in %s', one.rolname, other.rolname), ''
    FROM pg_roles one JOIN pg_roles other ON one.oid <> other.oid
    WHERE pg_has_role(one.oid, other.oid, 'USAGE')
      AND (one.rolname = 'fenshui_auditor' AND other.rolname = 'fenshui_poster'
        OR one.oid IN (SELECT oid FROM users) AND (other.rolsuper
          OR other.rolname IN ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program')
          OR other.oid IN (SELECT owner FROM owned)))
    UNION ALL SELECT 'right', format('CREATEROLE of %s', rolname), ''
    FROM pg_roles WHERE rolcreaterole AND oid IN (SELECT oid FROM users)";

/// By kind and name what is said of something.
type Declared = BTreeMap<(String, String), String>;

/// Where what a schema declares is not what a book's does.
pub(super) fn flaws(client: &mut Client) -> Result<Vec<Flaw>, Error> {
    let mut found = Declared::new();
    for ask in [RELATIONS, OTHERS, GUARDS, RIGHTS, SETTINGS, ROLES] {
        for row in client.query(ask, &[])? {
            found.insert((row.get(0), row.get(1)), row.get(2));
        }
    }
    let rows: i64 = match found.contains_key(&("table".to_owned(), "book".to_owned())) {
        true => client.query_one("SELECT count(*) FROM fenshui_book.book", &[])?.get(0),
        false => 1,
    };
    let mut flaws = Vec::new();
    for ((kind, name), said) in declared() {
        match found.remove(&(kind.clone(), name.clone())) {
            None => flaws.push(Flaw::Missing { kind, name }),
            Some(other) if other != said => flaws.push(Flaw::Changed { kind, name }),
            Some(_) => {}
        }
    }
    flaws.extend(found.into_keys().map(|(kind, name)| Flaw::Foreign { kind, name }));
    if rows != 1 {
        let count = u64::try_from(rows.saturating_sub(1)).unwrap_or(0);
        flaws.push(Flaw::StrayRows { table: "book", count });
    }
    Ok(flaws)
}

/// What a book declares.
fn declared() -> Declared {
    let own = |kind: &str, name: &str, said: &str| ((kind.into(), name.into()), said.to_owned());
    let tables = TABLES.iter().map(|(name, columns)| own("table", name, columns));
    let indexes = INDEXES.iter().map(|(name, of)| own("index", name, of));
    let guard = |(name, _): &(&str, &str)| own("trigger", &format!("guard of {name}"), "whole");
    tables.chain(indexes).chain(TABLES.iter().map(guard)).collect()
}
