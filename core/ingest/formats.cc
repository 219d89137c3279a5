#include "core/ingest/formats.h"

#include "absl/strings/str_cat.h"
#include "core/ingest/danbooru2023_sqlite.h"
#include "core/ingest/danbooru_export.h"
#include "core/ingest/danbooru_jsonl.h"
#include "core/ingest/danbooru_meta_sqlite.h"
#include "core/ingest/e621_csv.h"
#include "core/ingest/json_pages.h"
#include "core/ingest/picture_folder.h"
#include "core/ingest/recognise.h"
#include "core/ingest/sqlite_dump.h"

namespace millrace {
namespace {

template <typename Reader>
std::unique_ptr<DumpReader> MakeReader(RecordSink* sink, const ReaderOptions& options) {
  return std::make_unique<Reader>(sink, options.record_size_bytes_max);
}

template <const JsonPostSchema& (*schema)()>
std::unique_ptr<DumpReader> MakePages(RecordSink* sink, const ReaderOptions& options) {
  return std::make_unique<JsonPagesReader>(sink, schema(), options.record_size_bytes_max);
}

template <ReadSqliteDump read>
std::unique_ptr<DumpReader> MakeSqlite(RecordSink* sink, const ReaderOptions& options) {
  return std::make_unique<SqliteDumpReader>(
      sink, read, SqliteDumpOptions{options.spool_folder, options.spool_size_bytes_max, options.cancelled});
}

// The reader looks into the file's tables itself, and says what is missing.
bool Always(std::string_view) { return true; }

constexpr Format kFormats[] = {
    {SourceFormat::kDanbooruJsonl, "danbooru-jsonl", "JSON lines", FileContent::kText, "id", "line",
     RecogniseDanbooruJsonl, CouldBeDanbooruJsonl, MakeReader<DanbooruJsonlReader>},
    {SourceFormat::kDanbooruMetaSqlite, "danbooru-meta-sqlite", "a SQLite file", FileContent::kSqlite, "post_id",
     "line", RecogniseDanbooruMetaSqlite, Always, MakeSqlite<&ReadDanbooruMeta>},
    {SourceFormat::kDanbooru2023Sqlite, "danbooru2023-sqlite", "a SQLite file", FileContent::kSqlite, "id", "post",
     RecogniseDanbooru2023Sqlite, Always, MakeSqlite<&ReadDanbooru2023>},
    {SourceFormat::kE621Csv, "e621-csv", "CSV exports", FileContent::kText, "id", "line", RecogniseE621Csv, nullptr,
     MakeReader<E621CsvReader>},
    {SourceFormat::kDanbooruExport, "danbooru-export", "JSON lines of Danbooru's export", FileContent::kText, "id",
     "line", RecogniseDanbooruExport, CouldBeDanbooruExport, MakeReader<DanbooruExportReader>},
    {SourceFormat::kDanbooruPages, "danbooru-pages", "pages of Danbooru's posts.json", FileContent::kText, "id",
     "record", RecogniseDanbooruPages, CouldBeDanbooruPages, MakePages<DanbooruPagesSchema>},
    {SourceFormat::kE621Pages, "e621-pages", "pages of e621's posts.json", FileContent::kText, "id", "record",
     RecogniseE621Pages, CouldBeE621Pages, MakePages<E621PagesSchema>},
    {SourceFormat::kMoebooruPages, "moebooru-pages", "pages of Moebooru's post.json", FileContent::kText, "id",
     "record", RecogniseMoebooruPages, CouldBeMoebooruPages, MakePages<MoebooruPagesSchema>},
    {SourceFormat::kGelbooruPages, "gelbooru-pages", "pages of Gelbooru's JSON", FileContent::kText, "id", "record",
     RecogniseGelbooruPages, CouldBeGelbooruPages, MakePages<GelbooruPagesSchema>},
    {SourceFormat::kPictureFolder, "picture-folder", "sidecars of pictures", FileContent::kAny, "id", "line",
     RecognisePictureFolder, nullptr, MakeReader<PictureFolderReader>},
};

}  // namespace

absl::Span<const Format> Formats() { return kFormats; }

const Format* FindFormat(SourceFormat format) {
  for (const Format& candidate : kFormats) {
    if (candidate.format == format) return &candidate;
  }
  return nullptr;
}

std::vector<const Format*> RecogniseFormats(std::string_view start) {
  std::vector<const Format*> recognised;
  for (const Format& candidate : kFormats) {
    if (candidate.recognise(start)) recognised.push_back(&candidate);
  }
  return recognised;
}

std::string FormatList() {
  std::string list;
  for (const Format& format : kFormats) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", std::string(format.name), " (", std::string(format.content_name),
                    ")");
  }
  return list;
}

}  // namespace millrace
