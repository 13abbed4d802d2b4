-- A book: tables that are only ever added to. `{layout}` is the version of this layout. Made in the
-- transaction in which the book is opened.

DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = 'fenshui_poster') THEN
    CREATE ROLE fenshui_poster NOLOGIN;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = 'fenshui_auditor') THEN
    CREATE ROLE fenshui_auditor NOLOGIN;
  END IF;
EXCEPTION
  -- Roles belong to the whole server, and another book may be founded at this moment.
  WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

CREATE SCHEMA fenshui_book;

CREATE TABLE fenshui_book.book (format integer NOT NULL);
INSERT INTO fenshui_book.book VALUES ({layout});

CREATE TABLE fenshui_book.entry (
  first bigint PRIMARY KEY,
  kinds bytea NOT NULL,
  ends bytea NOT NULL,
  leaves bytea NOT NULL,
  bodies bytea NOT NULL
);
CREATE TABLE fenshui_book.run (
  upto bigint NOT NULL, level smallint NOT NULL, since bigint NOT NULL, page bigint NOT NULL,
  firsts bytea NOT NULL,
  PRIMARY KEY (upto, level)
);
CREATE TABLE fenshui_book.run_page (
  number bigint PRIMARY KEY, keys bytea NOT NULL
);
-- Digests do not shrink, and nobody need try.
ALTER TABLE fenshui_book.entry ALTER COLUMN leaves SET STORAGE EXTERNAL;
ALTER TABLE fenshui_book.run_page ALTER COLUMN keys SET STORAGE EXTERNAL;
CREATE TABLE fenshui_book.node (
  level smallint NOT NULL, number bigint NOT NULL, digest bytea NOT NULL,
  PRIMARY KEY (level, number)
);

CREATE FUNCTION fenshui_book.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a book is only added to' USING ERRCODE = 'restrict_violation';
END
$$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY
    ARRAY['book', 'entry', 'run', 'run_page', 'node']
  LOOP
    EXECUTE format(
      'CREATE TRIGGER guard BEFORE UPDATE OR DELETE OR TRUNCATE ON fenshui_book.%I '
      'FOR EACH STATEMENT EXECUTE FUNCTION fenshui_book.refuse()', name);
  END LOOP;
END
$$;

REVOKE ALL ON SCHEMA fenshui_book FROM PUBLIC;
GRANT USAGE ON SCHEMA fenshui_book TO fenshui_poster, fenshui_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA fenshui_book TO fenshui_poster, fenshui_auditor;
GRANT INSERT ON
  fenshui_book.entry, fenshui_book.run, fenshui_book.run_page, fenshui_book.node
  TO fenshui_poster;
