#include "core/ingest/danbooru_export.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/json_start.h"
#include "core/ingest/relation_kind.h"

namespace millrace {

DanbooruExportReader::DanbooruExportReader(RecordSink* sink, int64_t line_size_bytes_max)
    : sink_(sink),
      line_size_bytes_max_(line_size_bytes_max),
      posts_(DanbooruExportSchema()),
      splitter_({line_size_bytes_max, JsonPostParser::kPaddingBytes},
                {[this](std::string_view line, int64_t number) { return OnLine(line, number); },
                 [this](int64_t number) { return OnLongLine(number); }}) {}

absl::Status DanbooruExportReader::BeginFile(std::string_view name) {
  file_ = name;
  kind_ = Kind::kUnknown;
  splitter_.Restart();
  return absl::OkStatus();
}

absl::Status DanbooruExportReader::Write(std::string_view bytes) {
  MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  return splitter_.Write(bytes);
}

absl::Status DanbooruExportReader::EndFile() { return splitter_.End(); }

absl::Status DanbooruExportReader::TellKind(std::string_view first_line) {
  const JsonStart start = ReadJsonStart(first_line);
  const auto has = [&start](std::string_view key) { return start.Has(key); };
  if (has("antecedent_name") && has("consequent_name")) {
    const std::optional<TagRelationKind> kind = TellRelationKind(file_);
    if (!kind.has_value()) {
      return MakeError(Reason::kFileInvalid,
                       absl::StrCat(file_,
                                    ": holds aliases or implications of tags, and its name does not tell which. "
                                    "Give it a name with \"alias\" or \"implication\" in it."),
                       {{"file", file_}});
    }
    kind_ = *kind == TagRelationKind::kAlias ? Kind::kAliases : Kind::kImplications;
  } else if (has("body") && (has("post_id") || has("title"))) {
    return MakeError(Reason::kFileInvalid,
                     absl::StrCat(file_, ": holds ", has("post_id") ? "notes or comments" : "wiki pages",
                                  ", which a dataset has no place for. Import without this file."),
                     {{"file", file_}});
  } else if (has("other_names")) {
    kind_ = Kind::kArtists;
  } else if (has("post_ids")) {
    kind_ = Kind::kPools;
  } else if (has("name") && has("post_count")) {
    kind_ = Kind::kTags;
  } else {
    // Also what is broken: as a post it is rejected, and its line named.
    kind_ = Kind::kPosts;
  }
  return absl::OkStatus();
}

absl::Status DanbooruExportReader::OnLine(std::string_view line, int64_t number) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return absl::OkStatus();
  constexpr int64_t kLinesPerCheck = 256;
  if (number % kLinesPerCheck == 0) MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  if (kind_ == Kind::kUnknown) MILLRACE_RETURN_IF_ERROR(TellKind(line));
  switch (kind_) {
    case Kind::kTags: {
      TagFact tag;
      return facts_.Parse(line, &tag) ? sink_->OnTag(tag, number) : Reject(facts_.rejected(), number);
    }
    case Kind::kArtists: {
      ArtistFact artist;
      return facts_.Parse(line, &artist) ? sink_->OnArtist(artist, number) : Reject(facts_.rejected(), number);
    }
    case Kind::kPools: {
      PoolFact pool;
      return facts_.Parse(line, &pool) ? sink_->OnPool(pool, number) : Reject(facts_.rejected(), number);
    }
    case Kind::kAliases:
    case Kind::kImplications: {
      TagRelation relation;
      if (!facts_.Parse(line, &relation)) return Reject(facts_.rejected(), number);
      relation.kind = kind_ == Kind::kAliases ? TagRelationKind::kAlias : TagRelationKind::kImplication;
      return sink_->OnTagRelation(relation, number);
    }
    case Kind::kUnknown:
    case Kind::kPosts:
      break;
  }
  if (!posts_.Parse(line)) return Reject(posts_.rejected(), number);
  return sink_->OnPost(posts_.post(), posts_.tags(), number, posts_.duplicate_tag_count());
}

absl::Status DanbooruExportReader::OnLongLine(int64_t number) {
  RejectedRecord rejected;
  rejected.reason = absl::StrCat("is longer than ", line_size_bytes_max_, " bytes, which is as long as a line may be");
  return Reject(std::move(rejected), number);
}

absl::Status DanbooruExportReader::Reject(RejectedRecord rejected, int64_t number) {
  rejected.line = number;
  return sink_->OnRejected(std::move(rejected));
}

}  // namespace millrace
