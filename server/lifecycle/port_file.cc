#include "server/lifecycle/port_file.h"

#include "core/base/error.h"
#include "core/base/file.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<PortFile>> PortFile::Prepare(const std::string& path) {
  if (!path.empty()) MILLRACE_RETURN_IF_ERROR(RemoveFile(path));
  return std::unique_ptr<PortFile>(new PortFile(path));
}

PortFile::~PortFile() {
  // Nothing more can be done about a file that does not go; the next start tries again and tells.
  if (published_) RemoveFile(path_).IgnoreError();
}

absl::Status PortFile::Publish(int port) {
  if (path_.empty()) return absl::OkStatus();
  const std::string text = std::to_string(port) + "\n";
  const std::string partial_path = path_ + ".partial";
  {
    MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<FileWriter> file, FileWriter::Create(partial_path));
    MILLRACE_RETURN_IF_ERROR(file->Append(text.data(), text.size()));
    MILLRACE_RETURN_IF_ERROR(file->Flush());
  }
  MILLRACE_RETURN_IF_ERROR(RenameDurably(partial_path, path_));
  published_ = true;
  return absl::OkStatus();
}

}  // namespace millrace
