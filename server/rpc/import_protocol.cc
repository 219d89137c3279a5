#include "server/rpc/import_protocol.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/model/post.h"
#include "server/rpc/call.h"
#include "server/rpc/request.h"

namespace millrace {
namespace {

absl::Status ProtocolError(std::string_view message) { return MakeError(Reason::kImportProtocol, message); }

}  // namespace

absl::Status ImportProtocol::Check(const v1::ImportRequest& message) {
  switch (message.message_case()) {
    case v1::ImportRequest::kStart:
      return CheckStart(message.start());
    case v1::ImportRequest::kFile:
      return CheckFile(message.file());
    case v1::ImportRequest::kChunk:
      return CheckChunk(message.chunk());
    case v1::ImportRequest::kEnd:
      return CheckEnd(message.end());
    case v1::ImportRequest::MESSAGE_NOT_SET:
      break;
  }
  return FieldError("message", "is required: one of start, file, chunk and end");
}

absl::Status ImportProtocol::Truncated() const {
  return ProtocolError(absl::StrCat("the stream ended without `end`, after ", file_count_, " files and ", byte_count_,
                                    " bytes; nothing was changed. Send the import again"));
}

absl::Status ImportProtocol::CheckStart(const v1::ImportStart& start) {
  if (stage_ != Stage::kNew) return ProtocolError("`start` came twice; an import has one, as its first message");
  stage_ = Stage::kStarted;
  MILLRACE_RETURN_IF_ERROR(CheckName("start.dataset", start.dataset()));
  MILLRACE_RETURN_IF_ERROR(CheckEnum("start.format", start.format(), v1::SourceFormat_IsValid));
  if (!IsValidRequestId(start.request_id())) {
    return FieldError("start.request_id", "must be 1 to 128 printable ASCII characters");
  }
  if (start.max_rejected_count() < -1) return FieldError("start.max_rejected_count", "must be -1 or more");
  if (start.max_reported_count() < 0) return FieldError("start.max_reported_count", "must not be negative");
  return absl::OkStatus();
}

absl::Status ImportProtocol::CheckFile(const v1::ImportFile& file) {
  if (stage_ == Stage::kNew) return ProtocolError("`file` came before `start`");
  if (stage_ == Stage::kEnded) return ProtocolError("`file` came behind `end`");
  stage_ = Stage::kInFile;
  ++file_count_;
  if (file.name().empty()) return FieldError("file.name", "is required");
  if (file.has_picture()) MILLRACE_RETURN_IF_ERROR(CheckPicture(file.picture()));
  MILLRACE_RETURN_IF_ERROR(CountBytes("file.content", file.content()));
  return CheckEnum("file.compression", file.compression(), v1::Compression_IsValid);
}

absl::Status ImportProtocol::CheckPicture(const v1::Picture& picture) {
  if (picture.name().empty()) return FieldError("file.picture.name", "is required");
  if (picture.size_bytes() < 0) return FieldError("file.picture.size_bytes", "must not be negative");
  if (picture.width_px() < 0) return FieldError("file.picture.width_px", "must not be negative");
  if (picture.height_px() < 0) return FieldError("file.picture.height_px", "must not be negative");
  if (!picture.md5().empty() && picture.md5().size() != sizeof(Md5)) {
    return FieldError("file.picture.md5", absl::StrCat("has ", picture.md5().size(), " bytes; an MD5 has 16"));
  }
  return absl::OkStatus();
}

absl::Status ImportProtocol::CountBytes(std::string_view field, const std::string& bytes) {
  if (bytes.size() > kChunkSizeBytesMax) {
    return FieldError(field,
                      absl::StrCat("holds ", bytes.size(), " bytes; at most ", kChunkSizeBytesMax, " are allowed"));
  }
  byte_count_ += static_cast<int64_t>(bytes.size());
  return absl::OkStatus();
}

absl::Status ImportProtocol::CheckChunk(const std::string& chunk) {
  if (stage_ == Stage::kEnded) return ProtocolError("`chunk` came behind `end`");
  if (stage_ != Stage::kInFile) return ProtocolError("`chunk` came before `file`: begin a file first");
  return CountBytes("chunk", chunk);
}

absl::Status ImportProtocol::CheckEnd(const v1::ImportEnd& end) {
  if (stage_ == Stage::kNew) return ProtocolError("`end` came before `start`");
  if (stage_ == Stage::kEnded) return ProtocolError("`end` came twice");
  if (end.file_count() != file_count_ || end.byte_count() != byte_count_) {
    return ProtocolError(absl::StrCat("`end` tells of ", end.file_count(), " files and ", end.byte_count(),
                                      " bytes, but ", file_count_, " files and ", byte_count_,
                                      " bytes arrived; nothing was changed"));
  }
  stage_ = Stage::kEnded;
  return absl::OkStatus();
}

}  // namespace millrace
