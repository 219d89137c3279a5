#include "core/ingest/decompress.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/file_signature.h"

namespace millrace {
namespace {

constexpr size_t kOutputSizeBytes = 256 << 10;
constexpr int kZstdWindowLogMax = 27;

absl::Status DamageError(const std::string& file, int64_t offset, std::string_view what) {
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat(file, ": ", std::string(what), " at byte ", offset,
                                " of the compressed file. Check the file, or fetch it again."),
                   {{"file", file}, {"offset", absl::StrCat(offset)}});
}

class PlainStream : public Decompressor {
 public:
  explicit PlainStream(Output output) : output_(std::move(output)) {}
  absl::Status Write(std::string_view bytes) override { return bytes.empty() ? absl::OkStatus() : output_(bytes); }
  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  const Output output_;
};

class GzipStream : public Decompressor {
 public:
  GzipStream(std::string_view file, Output output)
      : file_(file), output_(std::move(output)), buffer_(kOutputSizeBytes) {
    // 15: the largest window; 16: gzip only, not zlib's own wrapper.
    is_ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK;
  }
  ~GzipStream() override { inflateEnd(&stream_); }

  absl::Status Write(std::string_view bytes) override {
    if (!is_ready_) return MakeError(Reason::kInternal, "no memory to decompress gzip");
    // zlib counts in 32 bits.
    constexpr size_t kInputSizeBytesMax = 1 << 30;
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, kInputSizeBytesMax);
      MILLRACE_RETURN_IF_ERROR(WritePart(part));
      bytes.remove_prefix(part.size());
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    if (at_member_end_ && offset_ > 0) return absl::OkStatus();
    return DamageError(file_, offset_, "the gzip data ends too early,");
  }

 private:
  absl::Status WritePart(std::string_view bytes) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    bool is_output_full = false;
    while (stream_.avail_in > 0 || is_output_full) {
      if (at_member_end_ && SkipPadding()) break;
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      if (at_member_end_) inflateReset(&stream_);
      at_member_end_ = false;
      const uInt input_before = stream_.avail_in;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      offset_ += input_before - stream_.avail_in;
      // Z_BUF_ERROR: nothing more to give for what was put in.
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return DamageError(
            file_, offset_,
            absl::StrCat("the gzip data is damaged (", stream_.msg == nullptr ? "no more is known" : stream_.msg, ")"));
      }
      const size_t size = buffer_.size() - stream_.avail_out;
      if (size > 0) MILLRACE_RETURN_IF_ERROR(output_(std::string_view(buffer_.data(), size)));
      is_output_full = code == Z_OK && stream_.avail_out == 0;
      at_member_end_ = code == Z_STREAM_END;
      if (code == Z_BUF_ERROR) break;
    }
    return absl::OkStatus();
  }

  // Archives on tapes and file systems of blocks leave zeros behind a member, which gzip itself passes over. True when
  // there is nothing else.
  bool SkipPadding() {
    while (stream_.avail_in > 0 && *stream_.next_in == 0) {
      ++stream_.next_in;
      --stream_.avail_in;
      ++offset_;
    }
    return stream_.avail_in == 0;
  }

  const std::string file_;
  const Output output_;
  std::vector<char> buffer_;
  z_stream stream_{};
  bool is_ready_ = false;
  bool at_member_end_ = false;
  int64_t offset_ = 0;  // compressed bytes consumed
};

class ZstdStream : public Decompressor {
 public:
  ZstdStream(std::string_view file, Output output)
      : file_(file), output_(std::move(output)), buffer_(kOutputSizeBytes), context_(ZSTD_createDCtx()) {
    if (context_ != nullptr) ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
  }
  ~ZstdStream() override { ZSTD_freeDCtx(context_); }

  absl::Status Write(std::string_view bytes) override {
    if (context_ == nullptr) return MakeError(Reason::kInternal, "no memory to decompress zstd");
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    bool is_output_full = false;
    while (input.pos < input.size || is_output_full) {
      ZSTD_outBuffer output{buffer_.data(), buffer_.size(), 0};
      const size_t input_before = input.pos;
      const size_t hint = ZSTD_decompressStream(context_, &output, &input);
      offset_ += static_cast<int64_t>(input.pos - input_before);
      if (ZSTD_isError(hint)) return DamageError(file_, offset_, Describe(hint));
      if (output.pos > 0) MILLRACE_RETURN_IF_ERROR(output_(std::string_view(buffer_.data(), output.pos)));
      at_frame_end_ = hint == 0;
      is_output_full = !at_frame_end_ && output.pos == output.size;
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    if (at_frame_end_) return absl::OkStatus();
    return DamageError(file_, offset_, "the zstd data ends too early,");
  }

 private:
  static std::string Describe(size_t code) {
    if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) {
      return "the zstd data needs a window of more than 128 MiB; compress it without --long or with --long=27; found";
    }
    return absl::StrCat("the zstd data is damaged (", ZSTD_getErrorName(code), ")");
  }

  const std::string file_;
  const Output output_;
  std::vector<char> buffer_;
  ZSTD_DCtx* const context_;
  bool at_frame_end_ = false;
  int64_t offset_ = 0;  // compressed bytes consumed
};

// Waits for the bytes that tell the compression, then leaves the work to the stream for it.
class TellingStream : public Decompressor {
 public:
  TellingStream(Compression declared, std::string_view file, Output output)
      : declared_(declared), file_(file), output_(std::move(output)) {}

  absl::Status Write(std::string_view bytes) override {
    if (stream_ != nullptr) return stream_->Write(bytes);
    const size_t missing = std::min(kSignatureSizeBytesMax - start_.size(), bytes.size());
    start_.append(bytes.substr(0, missing));
    if (start_.size() < kSignatureSizeBytesMax) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(Begin());
    return stream_->Write(bytes.substr(missing));
  }

  absl::Status Finish() override {
    if (stream_ == nullptr) MILLRACE_RETURN_IF_ERROR(Begin());
    return stream_->Finish();
  }

 private:
  absl::Status Begin() {
    const FileSignature signature = TellFile(start_);
    if ((declared_ == Compression::kGzip && signature.kind != FileKind::kGzip) ||
        (declared_ == Compression::kZstd && signature.kind != FileKind::kZstd)) {
      return MismatchError(signature);
    }
    if (declared_ != Compression::kNone && signature.kind == FileKind::kGzip) {
      stream_ = std::make_unique<GzipStream>(file_, output_);
    } else if (declared_ != Compression::kNone && signature.kind == FileKind::kZstd) {
      stream_ = std::make_unique<ZstdStream>(file_, output_);
    } else {
      stream_ = std::make_unique<PlainStream>(output_);
    }
    return stream_->Write(start_);
  }

  absl::Status MismatchError(const FileSignature& signature) const {
    const char* const name = declared_ == Compression::kGzip ? "gzip" : "zstd";
    const std::string found = start_.empty() ? "it is empty"
                              : signature.description.empty()
                                  ? "its first bytes are something else"
                                  : absl::StrCat("it looks like ", std::string(signature.description));
    return MakeError(Reason::kFileInvalid,
                     absl::StrCat(file_, ": declared as compressed with ", name, ", but ", found,
                                  ". Leave the compression unspecified to have it told from the bytes."),
                     {{"file", file_}, {"offset", "0"}});
  }

  const Compression declared_;
  const std::string file_;
  const Output output_;
  std::string start_;
  std::unique_ptr<Decompressor> stream_;
};

}  // namespace

std::unique_ptr<Decompressor> Decompressor::Create(Compression compression, std::string_view file, Output output) {
  return std::make_unique<TellingStream>(compression, file, std::move(output));
}

}  // namespace millrace
