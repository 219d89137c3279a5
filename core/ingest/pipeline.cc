#include "core/ingest/pipeline.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/decompress.h"
#include "core/ingest/format_choice.h"
#include "core/ingest/formats.h"
#include "core/ingest/reader.h"
#include "core/ingest/recognise.h"

namespace millrace {

// The sink of the reader, and what leads to it: bytes -> decompressor -> check of the first bytes -> reader -> session.
class ImportPipeline::Impl : public RecordSink {
 public:
  Impl(ImportSession* session, PipelineOptions options)
      : session_(session), options_(std::move(options)), choice_(FindFormat(options_.format)) {
    if (choice_.format() != nullptr) progress_.format = options_.format;
  }

  absl::Status BeginFile(std::string_view name, Compression compression, const PictureFacts* picture) {
    if (name.empty()) return FieldError("name", "is empty; a file needs a name, for messages");
    MILLRACE_RETURN_IF_ERROR(EndFile());
    file_names_.emplace_back(name);
    picture_ = picture != nullptr ? std::make_optional(*picture) : std::nullopt;
    ++progress_.file_count;
    start_.clear();
    file_state_ = FileState::kStarting;
    decompressor_ = Decompressor::Create(compression, name, [this](std::string_view bytes) { return Pass(bytes); });
    return absl::OkStatus();
  }

  absl::Status Feed(std::string_view bytes) {
    if (decompressor_ == nullptr) {
      return MakeError(Reason::kImportProtocol, "bytes came before a file was begun; begin a file first");
    }
    progress_.byte_count += static_cast<int64_t>(bytes.size());
    MILLRACE_RETURN_IF_ERROR(decompressor_->Write(bytes));
    const bool is_enough = file_state_ == FileState::kStarting && start_.size() >= choice_.start_size_bytes_min();
    return is_enough ? BeginReading(/*is_whole=*/false) : absl::OkStatus();
  }

  absl::Status EndFile() {
    if (decompressor_ == nullptr) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(decompressor_->Finish());
    decompressor_.reset();
    if (file_state_ == FileState::kStarting) MILLRACE_RETURN_IF_ERROR(BeginReading(/*is_whole=*/true));
    return file_state_ == FileState::kReading ? reader_->EndFile() : absl::OkStatus();
  }

  PipelineProgress progress() const { return progress_; }

  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                      int64_t duplicate_tag_count) override {
    MILLRACE_ASSIGN_OR_RETURN(const Staged staged, session_->Stage(post, tags, PlaceOf(line)));
    if (staged.kind == Staged::Kind::kDuplicate) return RejectDuplicate(post, line, staged.first_place);
    ++progress_.post_count;
    progress_.duplicate_tag_count += duplicate_tag_count + staged.duplicate_tag_count;
    return absl::OkStatus();
  }

  absl::Status OnTag(const TagFact& tag, int64_t) override { return session_->StageTag(tag); }
  absl::Status OnTagRelation(const TagRelation& relation, int64_t line) override {
    return session_->StageTagRelation(relation, PlaceOf(line));
  }
  absl::Status OnPool(const PoolFact& pool, int64_t) override { return session_->StagePool(pool); }
  absl::Status OnArtist(const ArtistFact& artist, int64_t) override { return session_->StageArtist(artist); }

  absl::Status OnRejected(RejectedRecord rejected) override {
    rejected.file = file_names_.back();
    return Reject(rejected);
  }

  absl::Status CheckCancelled() override {
    if (!options_.cancelled || !options_.cancelled()) return absl::OkStatus();
    return MakeError(Reason::kCancelled, "the import was cancelled; nothing was changed");
  }

  // Relations may contradict each other across files, so they are judged when all are known.
  absl::Status Finish() {
    MILLRACE_RETURN_IF_ERROR(EndFile());
    if (choice_.format() == nullptr && !file_names_.empty()) return FormatUnknownError();
    return session_->CheckRelations([this](const RefusedRelation& refused) {
      RejectedRecord rejected;
      rejected.file = file_names_[static_cast<size_t>(refused.place.file_index)];
      rejected.line = refused.place.line;
      rejected.field = refused.field;
      rejected.reason = refused.reason;
      return Reject(rejected);
    });
  }

 private:
  SourcePlace PlaceOf(int64_t line) const { return {static_cast<int32_t>(file_names_.size()) - 1, line}; }

  absl::Status Reject(const RejectedRecord& rejected) {
    ++progress_.rejected_count;
    if (options_.on_rejected) options_.on_rejected(rejected);
    if (options_.max_rejected_count < 0 || progress_.rejected_count <= options_.max_rejected_count) {
      return absl::OkStatus();
    }
    return TooManyRejectedError(rejected);
  }

  // Decompressed bytes. The first ones are held back until they tell what the file is.
  absl::Status Pass(std::string_view bytes) {
    if (file_state_ == FileState::kStarting) {
      const size_t missing = std::min(kRecogniseSizeBytes - start_.size(), bytes.size());
      start_.append(bytes.substr(0, missing));
      bytes.remove_prefix(missing);
      if (start_.size() < kRecogniseSizeBytes) return absl::OkStatus();
      MILLRACE_RETURN_IF_ERROR(BeginReading(/*is_whole=*/false));
    }
    return bytes.empty() ? absl::OkStatus() : reader_->Write(bytes);
  }

  absl::Status BeginReading(bool is_whole) {
    const std::string& file = file_names_.back();
    MILLRACE_ASSIGN_OR_RETURN(const bool has_records, choice_.Judge(file, start_, is_whole));
    file_state_ = has_records ? FileState::kReading : FileState::kPassedOver;
    if (!has_records) return absl::OkStatus();
    if (reader_ == nullptr) MILLRACE_RETURN_IF_ERROR(MakeReader());
    if (picture_.has_value()) reader_->SetPicture(*picture_);
    MILLRACE_RETURN_IF_ERROR(reader_->BeginFile(file));
    return start_.empty() ? absl::OkStatus() : reader_->Write(start_);
  }

  absl::Status MakeReader() {
    const Format& format = *choice_.format();
    if (format.content == FileContent::kSqlite && options_.spool_folder.empty()) {
      return MakeError(Reason::kInternal, "importing SQLite needs a spool folder");
    }
    ReaderOptions options;
    options.record_size_bytes_max = options_.line_size_bytes_max;
    options.spool_folder = options_.spool_folder;
    options.spool_size_bytes_max = options_.spool_size_bytes_max;
    options.cancelled = options_.cancelled;
    reader_ = format.make_reader(this, options);
    progress_.format = format.format;
    return absl::OkStatus();
  }

  absl::Status RejectDuplicate(const Post& post, int64_t line, const SourcePlace& first) {
    RejectedRecord rejected;
    rejected.line = line;
    rejected.field = choice_.format()->id_field;
    rejected.reason = absl::StrCat("is ", post.id, ", which another record of this import has: ",
                                   file_names_[static_cast<size_t>(first.file_index)], ", ", Place(first.line));
    rejected.post_id = post.id;
    return OnRejected(std::move(rejected));
  }

  // "line 7"
  std::string Place(int64_t number) const { return absl::StrCat(std::string(choice_.format()->place), " ", number); }

  absl::Status TooManyRejectedError(const RejectedRecord& rejected) const {
    const std::string subject = rejected.field.empty() ? "the record" : rejected.field;
    std::string message =
        absl::StrCat(rejected.file, ", ", Place(rejected.line), ": ", subject, " ", rejected.reason, ". ");
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
  enum class FileState { kStarting, kReading, kPassedOver };
  FormatChoice choice_;
  std::unique_ptr<DumpReader> reader_;          // null until the format is known
  std::unique_ptr<Decompressor> decompressor_;  // of the current file; null: none
  std::vector<std::string> file_names_;         // the last is the current one
  std::optional<PictureFacts> picture_;         // of the current file
  std::string start_;                           // the current file's first bytes, decompressed
  FileState file_state_ = FileState::kStarting;
  PipelineProgress progress_;
};

absl::StatusOr<std::unique_ptr<ImportPipeline>> ImportPipeline::Create(ImportSession* session,
                                                                       PipelineOptions options) {
  if (options.format != SourceFormat::kUnspecified && FindFormat(options.format) == nullptr) {
    return FieldError("format", absl::StrCat("is ", static_cast<int>(options.format), ", which is no known format"));
  }
  if (options.max_rejected_count < -1) return FieldError("max_rejected_count", "is below -1 (no limit)");
  return std::unique_ptr<ImportPipeline>(new ImportPipeline(std::make_unique<Impl>(session, std::move(options))));
}

ImportPipeline::ImportPipeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ImportPipeline::~ImportPipeline() = default;

absl::Status ImportPipeline::BeginFile(std::string_view name, Compression compression, const PictureFacts* picture) {
  return impl_->BeginFile(name, compression, picture);
}
absl::Status ImportPipeline::Feed(std::string_view bytes) { return impl_->Feed(bytes); }
absl::Status ImportPipeline::Finish() { return impl_->Finish(); }
PipelineProgress ImportPipeline::progress() const { return impl_->progress(); }

}  // namespace millrace
