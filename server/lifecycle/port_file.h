// A file that tells scripts which port a server took, and that it is ready.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace millrace {

// The file is there from Publish to destruction: so a script may wait for it, and does not read the port of a server
// of the past. Not thread-safe.
class PortFile {
 public:
  // Removes a file that an earlier server left. Empty path: no file, and everything here does nothing.
  static absl::StatusOr<std::unique_ptr<PortFile>> Prepare(const std::string& path);
  ~PortFile();
  PortFile(const PortFile&) = delete;
  PortFile& operator=(const PortFile&) = delete;

  // Writes the port in decimal digits and a newline. The file appears with its content.
  absl::Status Publish(int port);

 private:
  explicit PortFile(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  bool published_ = false;
};

}  // namespace millrace
