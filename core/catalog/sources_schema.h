// The schema's steps for sources (migrations.cc).
#pragma once

namespace millrace {

// Sources, their runs, and pages to try again. The position is written in the transaction of the page that it stands
// behind, so whatever ends a refresh, the next one continues there. A source names its dataset rather than refers to
// it: the dataset comes to be with the first page that has posts.
inline constexpr char kSourcesSchema[] = R"sql(
CREATE TABLE sources (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  dataset TEXT NOT NULL,
  kind INTEGER NOT NULL,           -- BoardKind
  address TEXT NOT NULL,
  query TEXT NOT NULL,
  page_size INTEGER NOT NULL,
  interval_us INTEGER NOT NULL,
  snapshot_after_refresh INTEGER NOT NULL,
  mark_missing INTEGER NOT NULL,
  login TEXT NOT NULL,
  api_key TEXT NOT NULL,
  position INTEGER NOT NULL DEFAULT 0,
  cursor INTEGER NOT NULL DEFAULT 0,
  created_at_us INTEGER NOT NULL,
  updated_at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE refresh_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  "trigger" INTEGER NOT NULL,      -- RunTrigger
  state INTEGER NOT NULL,          -- RunState
  started_at_us INTEGER NOT NULL,
  ended_at_us INTEGER,
  first_position INTEGER NOT NULL,
  last_position INTEGER NOT NULL,
  page_count INTEGER NOT NULL DEFAULT 0,
  new_post_count INTEGER NOT NULL DEFAULT 0,
  updated_post_count INTEGER NOT NULL DEFAULT 0,
  unchanged_post_count INTEGER NOT NULL DEFAULT 0,
  failed_post_count INTEGER NOT NULL DEFAULT 0,
  missing_post_count INTEGER NOT NULL DEFAULT 0,
  failed_page_count INTEGER NOT NULL DEFAULT 0,
  byte_count INTEGER NOT NULL DEFAULT 0,
  snapshot TEXT NOT NULL DEFAULT '',
  error_reason TEXT NOT NULL DEFAULT '',
  error_message TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX refresh_runs_by_source ON refresh_runs (source_id, id);
CREATE INDEX refresh_runs_running ON refresh_runs (id) WHERE state = 1;

CREATE TABLE failed_pages (
  source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  after_id INTEGER NOT NULL,
  until_id INTEGER NOT NULL,
  failed_at_us INTEGER NOT NULL,
  retry_at_us INTEGER NOT NULL,
  attempt_count INTEGER NOT NULL,
  error_reason TEXT NOT NULL,
  error_message TEXT NOT NULL,
  PRIMARY KEY (source_id, after_id)
) STRICT, WITHOUT ROWID;
)sql";

// Names that a source asked its board about without coming to know a category, so that they are not asked about in
// each refresh; and a way to the tags that have none, which are few among many.
inline constexpr char kTagLookupsSchema[] = R"sql(
ALTER TABLE sources ADD COLUMN with_relations INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN relations_fetched_at_us INTEGER NOT NULL DEFAULT 0;

CREATE TABLE asked_tags (
  source_id INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  asked_at_us INTEGER NOT NULL,
  PRIMARY KEY (source_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_without_category ON tags (dataset_id, name) WHERE category = 0;
)sql";

// How far sources follow changes, what runs counted of lookups, and when a name is asked about again rather than when
// it was: one that the board failed to answer about waits for less. Until then two notes of a source stood among the
// names, under keys that are no tag's name.
inline constexpr char kChangesSchema[] = R"sql(
ALTER TABLE sources ADD COLUMN follow_changes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN change_position INTEGER NOT NULL DEFAULT 0;  -- this and the next three: ChangeCursor
ALTER TABLE sources ADD COLUMN change_target INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN change_offset INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN change_last INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN changes_retry_at_us INTEGER;    -- NULL: no page of changes failed
ALTER TABLE sources ADD COLUMN tag_list_asked_at_us INTEGER;   -- NULL: never
ALTER TABLE sources ADD COLUMN tags_changed_at_us INTEGER;     -- NULL: snapshots hold tags and relations as they are

UPDATE sources SET
  tag_list_asked_at_us =
    (SELECT a.asked_at_us FROM asked_tags a WHERE a.source_id = sources.id AND a.name = char(10) || 'tag list asked'),
  tags_changed_at_us =
    (SELECT a.asked_at_us FROM asked_tags a WHERE a.source_id = sources.id AND a.name = char(10) || 'tags changed');
DELETE FROM asked_tags WHERE name IN (char(10) || 'tag list asked', char(10) || 'tags changed');

-- Names were asked about again 30 days later.
UPDATE asked_tags SET asked_at_us = asked_at_us + 2592000000000;
ALTER TABLE asked_tags RENAME COLUMN asked_at_us TO ask_again_at_us;
ALTER TABLE asked_tags ADD COLUMN failed_count INTEGER NOT NULL DEFAULT 0;  -- in a row
CREATE INDEX asked_tags_failed ON asked_tags (source_id, ask_again_at_us) WHERE failed_count > 0;

ALTER TABLE refresh_runs ADD COLUMN lookup_request_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE refresh_runs ADD COLUMN told_tag_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE refresh_runs ADD COLUMN warning TEXT NOT NULL DEFAULT '';
)sql";

}  // namespace millrace
