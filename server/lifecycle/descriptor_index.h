// Answers reflection's questions from a pool of descriptors, without its protocol.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

// Thread-safe.
class DescriptorIndex {
 public:
  // A file, serialised as FileDescriptorProto, and behind it all it imports, directly or not; each once.
  using Files = std::vector<std::string>;

  // `pool` is borrowed. The one of generated code builds its descriptors when they are first asked for.
  explicit DescriptorIndex(const google::protobuf::DescriptorPool* pool) : pool_(pool) {}

  // NOT_FOUND from each of these when there is no such file, symbol, type or extension.
  absl::StatusOr<Files> FileByName(const std::string& name) const;
  // `symbol` is the full name of a message, enum, value, field, extension, service or method.
  absl::StatusOr<Files> FileContainingSymbol(const std::string& symbol) const;
  absl::StatusOr<Files> FileContainingExtension(const std::string& extended_type, int number) const;
  // Ascending.
  absl::StatusOr<std::vector<int>> ExtensionNumbers(const std::string& extended_type) const;

 private:
  const google::protobuf::DescriptorPool* const pool_;
};

}  // namespace millrace
