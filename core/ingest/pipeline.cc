#include "core/ingest/pipeline.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/ingest/decompress.h"
#include "core/ingest/format_choice.h"
#include "core/ingest/formats.h"
#include "core/ingest/reader.h"
#include "core/ingest/recognise.h"
#include "core/ingest/record_relay.h"
#include "core/ingest/stager.h"

namespace millrace {
namespace {

// A file's name as messages may show it. It comes from a client, and a terminal obeys control characters.
std::string ShownName(std::string_view name) {
  std::string plain;  // what quoting would escape in any text
  for (const char c : name) {
    if (c != '"' && c != '\\') plain.push_back(c);
  }
  if (QuoteForMessage(plain, plain.size()).size() == plain.size() + 2) return std::string(name);
  const std::string quoted = QuoteForMessage(name, name.size());
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

//   feeding thread                                                              relay's thread
//   bytes -> decompressor -> judged by their first -> reader -> relay: batches -> stager -> session
//   on_rejected  <----------- reports, taken as often as bytes are fed <---------
//
// The order of records, the first error and what was staged before it are as if there were one thread.
class ImportPipeline::Impl {
 public:
  Impl(ImportSession* session, PipelineOptions options)
      : options_(std::move(options)),
        choice_(FindFormat(options_.format)),
        stager_(session, options_.max_rejected_count, [this] { return Cancelled(); }),
        relay_(&stager_) {}

  absl::Status BeginFile(std::string_view name, Compression compression, const PictureFacts* picture) {
    if (name.empty()) return FieldError("name", "is empty; a file needs a name, for messages");
    MILLRACE_RETURN_IF_ERROR(EndFile());
    file_name_ = ShownName(name);
    ++file_count_;
    stager_.BeginFile(file_name_);
    // A picture without a sidecar is told by the equal name, as the client gives it.
    reader_name_ = picture != nullptr ? std::string(name) : file_name_;
    picture_ = picture != nullptr ? std::make_optional(*picture) : std::nullopt;
    start_.clear();
    start_size_bytes_wanted_ = kRecogniseSizeBytes;
    file_state_ = FileState::kStarting;
    decompressor_ =
        Decompressor::Create(compression, file_name_, [this](std::string_view bytes) { return Pass(bytes); });
    return absl::OkStatus();
  }

  absl::Status Feed(std::string_view bytes) {
    if (decompressor_ == nullptr) {
      return MakeError(Reason::kImportProtocol, "bytes came before a file was begun; begin a file first");
    }
    byte_count_ += static_cast<int64_t>(bytes.size());
    absl::Status status = Take(bytes);
    if (status.ok()) status = relay_.Flush();
    if (!status.ok()) return CatchUp(status);
    Report();
    return absl::OkStatus();
  }

  absl::Status Settle() { return CatchUp(absl::OkStatus()); }

  absl::Status EndFile() { return decompressor_ == nullptr ? absl::OkStatus() : CatchUp(EndReading()); }

  absl::Status Finish() {
    MILLRACE_RETURN_IF_ERROR(EndFile());
    if (choice_.format() == nullptr && file_count_ > 0) return FormatUnknownError();
    // Nothing runs on the relay's thread now.
    absl::Status status = stager_.CheckRelations();
    Report();
    if (status.ok() && options_.apply_aliases) status = stager_.ApplyAliases();
    return status;
  }

  PipelineProgress progress() const {
    PipelineProgress progress = stager_.counts();
    if (choice_.format() != nullptr) progress.format = choice_.format()->format;
    progress.byte_count = byte_count_;
    progress.file_count = file_count_;
    return progress;
  }

 private:
  enum class FileState { kStarting, kReading, kPassedOver };

  absl::Status Take(std::string_view bytes) {
    MILLRACE_RETURN_IF_ERROR(decompressor_->Write(bytes));
    const bool is_enough = file_state_ == FileState::kStarting && choice_.format() != nullptr &&
                           start_.size() >= choice_.start_size_bytes_min();
    return is_enough ? BeginReading(/*is_whole=*/false) : absl::OkStatus();
  }

  absl::Status EndReading() {
    const std::unique_ptr<Decompressor> decompressor = std::move(decompressor_);
    MILLRACE_RETURN_IF_ERROR(decompressor->Finish());
    if (file_state_ == FileState::kStarting) MILLRACE_RETURN_IF_ERROR(BeginReading(/*is_whole=*/true));
    return file_state_ == FileState::kReading ? reader_->EndFile() : absl::OkStatus();
  }

  // Decompressed bytes. The first ones are held back until they tell what the file is.
  absl::Status Pass(std::string_view bytes) {
    while (file_state_ == FileState::kStarting) {
      const size_t missing = std::min(start_size_bytes_wanted_ - start_.size(), bytes.size());
      start_.append(bytes.substr(0, missing));
      bytes.remove_prefix(missing);
      if (start_.size() < start_size_bytes_wanted_) return absl::OkStatus();
      if (choice_.WantsMore(start_)) {
        // In a few steps, as each is a look at all of it.
        start_size_bytes_wanted_ = std::min(8 * start_size_bytes_wanted_, kRecogniseSizeBytesMax);
        continue;
      }
      MILLRACE_RETURN_IF_ERROR(BeginReading(/*is_whole=*/false));
    }
    return bytes.empty() ? absl::OkStatus() : reader_->Write(bytes);
  }

  absl::Status BeginReading(bool is_whole) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_records, choice_.Judge(file_name_, start_, is_whole));
    file_state_ = has_records ? FileState::kReading : FileState::kPassedOver;
    if (!has_records) return absl::OkStatus();
    if (reader_ == nullptr) MILLRACE_RETURN_IF_ERROR(MakeReader());
    if (picture_.has_value()) reader_->SetPicture(*picture_);
    MILLRACE_RETURN_IF_ERROR(reader_->BeginFile(reader_name_));
    return start_.empty() ? absl::OkStatus() : reader_->Write(start_);
  }

  absl::Status MakeReader() {
    const Format& format = *choice_.format();
    if (format.content == FileContent::kSqlite && options_.spool_folder.empty()) {
      return MakeError(Reason::kInternal, "importing SQLite needs a spool folder");
    }
    stager_.set_format(format, /*is_guessed=*/!choice_.is_named());
    ReaderOptions options;
    options.record_size_bytes_max = options_.line_size_bytes_max;
    options.spool_folder = options_.spool_folder;
    options.spool_size_bytes_max = options_.spool_size_bytes_max;
    options.cancelled = [this] { return Cancelled(); };
    reader_ = format.make_reader(&relay_, options);
    return absl::OkStatus();
  }

  // Waits until all that was read is staged. What a record of it gave comes before `status`, which is how reading went.
  absl::Status CatchUp(const absl::Status& status) {
    const absl::Status staged = relay_.Drain();
    Report();
    return staged.ok() ? status : staged;
  }

  void Report() {
    for (const RejectedRecord& rejected : stager_.TakeReports()) {
      if (options_.on_rejected) options_.on_rejected(rejected);
    }
  }

  // Long reading asks this now and then, so reports do not wait for its end.
  bool Cancelled() {
    Report();
    return options_.cancelled && options_.cancelled();
  }

  const PipelineOptions options_;
  FormatChoice choice_;
  Stager stager_;
  RecordRelay relay_;                           // ends before the stager, which its thread calls
  std::unique_ptr<DumpReader> reader_;          // null until the format is known
  std::unique_ptr<Decompressor> decompressor_;  // of the current file; null: none
  std::string file_name_;                       // as messages show it
  std::string reader_name_;
  std::optional<PictureFacts> picture_;  // of the current file
  std::string start_;                    // its first bytes, decompressed
  size_t start_size_bytes_wanted_ = 0;   // as many of them tell the format, unless the file is shorter
  FileState file_state_ = FileState::kStarting;
  int64_t byte_count_ = 0;
  int32_t file_count_ = 0;
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
absl::Status ImportPipeline::Settle() { return impl_->Settle(); }
absl::Status ImportPipeline::Finish() { return impl_->Finish(); }
PipelineProgress ImportPipeline::progress() const { return impl_->progress(); }

}  // namespace millrace
