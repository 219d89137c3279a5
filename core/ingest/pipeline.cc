#include "core/ingest/pipeline.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/ingest/danbooru_jsonl.h"
#include "core/ingest/decompress.h"
#include "core/ingest/file_signature.h"
#include "core/ingest/reader.h"
#include "core/ingest/sqlite_dump.h"

namespace millrace {
namespace {

absl::Status WrongFormatError(const std::string& file, SourceFormat format, std::string_view start) {
  const FileSignature signature = TellFile(start);
  const char* const wanted = format == SourceFormat::kDanbooruJsonl ? "JSON lines (format danbooru-jsonl)"
                                                                    : "a SQLite file (format danbooru-meta-sqlite)";
  std::string found = absl::StrCat("looks like ", std::string(signature.description));
  std::string advice;
  if (signature.kind == FileKind::kSqlite) {
    advice = "; import it with format danbooru-meta-sqlite";
  } else if (signature.kind == FileKind::kGzip || signature.kind == FileKind::kZstd) {
    advice = "; if it is compressed once only, leave the compression unspecified";
  } else if (start.empty()) {
    found = "is empty";
  } else if (signature.kind == FileKind::kUnknown) {
    found = absl::StrCat("begins with ", QuoteForMessage(start));
    if (start.front() == '{') advice = "; import JSON lines with format danbooru-jsonl";
  }
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat(file, ": ", found, ", where ", wanted, " was expected", advice, "."),
                   {{"file", file}, {"offset", "0"}});
}

bool FitsFormat(SourceFormat format, std::string_view start) {
  const FileKind kind = TellFile(start).kind;
  // Anything may be meant to be text: then each line is judged by itself.
  return format == SourceFormat::kDanbooruMetaSqlite ? kind == FileKind::kSqlite : kind == FileKind::kUnknown;
}

}  // namespace

// The sink of the reader, and what leads to it: bytes -> decompressor -> check of the first bytes -> reader -> session.
class ImportPipeline::Impl : public RecordSink {
 public:
  Impl(ImportSession* session, PipelineOptions options) : session_(session), options_(std::move(options)) {
    if (options_.format == SourceFormat::kDanbooruJsonl) {
      reader_ = std::make_unique<DanbooruJsonlReader>(this, options_.line_size_bytes_max);
    } else {
      reader_ = std::make_unique<SqliteDumpReader>(
          this, options_.format,
          SqliteDumpOptions{options_.spool_folder, options_.spool_size_bytes_max, options_.cancelled});
    }
  }

  absl::Status BeginFile(std::string_view name, Compression compression) {
    if (name.empty()) return FieldError("name", "is empty; a file needs a name, for messages");
    MILLRACE_RETURN_IF_ERROR(EndFile());
    file_names_.emplace_back(name);
    ++progress_.file_count;
    start_.clear();
    is_start_checked_ = false;
    MILLRACE_RETURN_IF_ERROR(reader_->BeginFile(name));
    decompressor_ = Decompressor::Create(compression, name, [this](std::string_view bytes) { return Pass(bytes); });
    return absl::OkStatus();
  }

  absl::Status Feed(std::string_view bytes) {
    if (decompressor_ == nullptr) {
      return MakeError(Reason::kImportProtocol, "bytes came before a file was begun; begin a file first");
    }
    progress_.byte_count += static_cast<int64_t>(bytes.size());
    return decompressor_->Write(bytes);
  }

  absl::Status EndFile() {
    if (decompressor_ == nullptr) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(decompressor_->Finish());
    decompressor_.reset();
    MILLRACE_RETURN_IF_ERROR(CheckStart());
    return reader_->EndFile();
  }

  PipelineProgress progress() const { return progress_; }

  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                      int64_t duplicate_tag_count) override {
    const SourcePlace place{static_cast<int32_t>(file_names_.size()) - 1, line};
    MILLRACE_ASSIGN_OR_RETURN(const Staged staged, session_->Stage(post, tags, place));
    if (staged.kind == Staged::Kind::kDuplicate) return RejectDuplicate(post, line, staged.first_place);
    ++progress_.post_count;
    progress_.duplicate_tag_count += duplicate_tag_count;
    return absl::OkStatus();
  }

  absl::Status OnTag(const TagFact&, int64_t) override { return NotStagedError(); }
  absl::Status OnTagRelation(const TagRelation&, int64_t) override { return NotStagedError(); }
  absl::Status OnPool(const PoolFact&, int64_t) override { return NotStagedError(); }
  absl::Status OnArtist(const ArtistFact&, int64_t) override { return NotStagedError(); }

  absl::Status OnRejected(RejectedRecord rejected) override {
    rejected.file = file_names_.back();
    ++progress_.rejected_count;
    if (options_.on_rejected) options_.on_rejected(rejected);
    if (options_.max_rejected_count < 0 || progress_.rejected_count <= options_.max_rejected_count) {
      return absl::OkStatus();
    }
    return TooManyRejectedError(rejected);
  }

  absl::Status CheckCancelled() override {
    if (!options_.cancelled || !options_.cancelled()) return absl::OkStatus();
    return MakeError(Reason::kCancelled, "the import was cancelled; nothing was changed");
  }

 private:
  static absl::Status NotStagedError() {
    return MakeError(Reason::kInternal, "the catalog keeps no tags, relations, pools and artists of their own yet");
  }

  // Decompressed bytes. The first few are held back until they tell what the file is.
  absl::Status Pass(std::string_view bytes) {
    if (!is_start_checked_) {
      const size_t missing = std::min(kSignatureSizeBytesMax - start_.size(), bytes.size());
      start_.append(bytes.substr(0, missing));
      bytes.remove_prefix(missing);
      if (start_.size() < kSignatureSizeBytesMax) return absl::OkStatus();
      MILLRACE_RETURN_IF_ERROR(CheckStart());
    }
    return bytes.empty() ? absl::OkStatus() : reader_->Write(bytes);
  }

  absl::Status CheckStart() {
    if (is_start_checked_) return absl::OkStatus();
    is_start_checked_ = true;
    if (!FitsFormat(options_.format, start_)) return WrongFormatError(file_names_.back(), options_.format, start_);
    return start_.empty() ? absl::OkStatus() : reader_->Write(start_);
  }

  absl::Status RejectDuplicate(const Post& post, int64_t line, const SourcePlace& first) {
    RejectedRecord rejected;
    rejected.line = line;
    rejected.field = options_.format == SourceFormat::kDanbooruJsonl ? "id" : "post_id";
    rejected.reason = absl::StrCat("is ", post.id, ", which another record of this import has: ",
                                   file_names_[static_cast<size_t>(first.file_index)], ", line ", first.line);
    rejected.post_id = post.id;
    return OnRejected(std::move(rejected));
  }

  absl::Status TooManyRejectedError(const RejectedRecord& rejected) const {
    const std::string subject = rejected.field.empty() ? "the record" : rejected.field;
    std::string message =
        absl::StrCat(rejected.file, ", line ", rejected.line, ": ", subject, " ", rejected.reason, ". ");
    if (options_.max_rejected_count == 0) {
      absl::StrAppend(&message, "Mend it, or allow for rejected records (max_rejected_count).");
    } else {
      absl::StrAppend(&message, "More than the ", options_.max_rejected_count,
                      " rejected records that max_rejected_count allows.");
    }
    ErrorMetadata metadata{{"file", rejected.file},
                           {"line", absl::StrCat(rejected.line)},
                           {"field", rejected.field},
                           {"reason", rejected.reason}};
    return MakeError(Reason::kRecordRejected, message, metadata);
  }

  ImportSession* const session_;
  const PipelineOptions options_;
  std::unique_ptr<DumpReader> reader_;
  std::unique_ptr<Decompressor> decompressor_;  // of the current file; null: none
  std::vector<std::string> file_names_;         // the last is the current one
  std::string start_;                           // the current file's first bytes, decompressed
  bool is_start_checked_ = false;
  PipelineProgress progress_;
};

absl::StatusOr<std::unique_ptr<ImportPipeline>> ImportPipeline::Create(ImportSession* session,
                                                                       PipelineOptions options) {
  if (options.format != SourceFormat::kDanbooruJsonl && options.format != SourceFormat::kDanbooruMetaSqlite) {
    return FieldError("format", absl::StrCat("is ", static_cast<int>(options.format), ", which is no known format"));
  }
  if (options.max_rejected_count < -1) return FieldError("max_rejected_count", "is below -1 (no limit)");
  if (options.format == SourceFormat::kDanbooruMetaSqlite && options.spool_folder.empty()) {
    return MakeError(Reason::kInternal, "importing SQLite needs a spool folder");
  }
  return std::unique_ptr<ImportPipeline>(new ImportPipeline(std::make_unique<Impl>(session, std::move(options))));
}

ImportPipeline::ImportPipeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ImportPipeline::~ImportPipeline() = default;

absl::Status ImportPipeline::BeginFile(std::string_view name, Compression compression) {
  return impl_->BeginFile(name, compression);
}
absl::Status ImportPipeline::Feed(std::string_view bytes) { return impl_->Feed(bytes); }
absl::Status ImportPipeline::Finish() { return impl_->EndFile(); }
PipelineProgress ImportPipeline::progress() const { return impl_->progress(); }

}  // namespace millrace
