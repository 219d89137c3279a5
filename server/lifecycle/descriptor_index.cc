#include "server/lifecycle/descriptor_index.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"

namespace millrace {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

DescriptorIndex::Files WithImports(const FileDescriptor* file) {
  std::vector<const FileDescriptor*> found = {file};
  std::set<const FileDescriptor*> known = {file};
  for (size_t i = 0; i < found.size(); ++i) {
    for (int d = 0; d < found[i]->dependency_count(); ++d) {
      const FileDescriptor* import = found[i]->dependency(d);
      if (known.insert(import).second) found.push_back(import);
    }
  }
  DescriptorIndex::Files files;
  for (const FileDescriptor* each : found) {
    google::protobuf::FileDescriptorProto proto;
    each->CopyTo(&proto);
    files.push_back(proto.SerializeAsString());
  }
  return files;
}

// The names come from clients: quoted and cut for the message.
absl::Status NotFound(const char* what, const std::string& name) {
  return absl::NotFoundError(absl::StrCat("no ", what, " ", QuoteForMessage(name, 256), " here"));
}

}  // namespace

absl::StatusOr<DescriptorIndex::Files> DescriptorIndex::FileByName(const std::string& name) const {
  const FileDescriptor* file = pool_->FindFileByName(name);
  if (file == nullptr) return NotFound("file", name);
  return WithImports(file);
}

absl::StatusOr<DescriptorIndex::Files> DescriptorIndex::FileContainingSymbol(const std::string& symbol) const {
  const FileDescriptor* file = pool_->FindFileContainingSymbol(symbol);
  if (file == nullptr) return NotFound("symbol", symbol);
  return WithImports(file);
}

absl::StatusOr<DescriptorIndex::Files> DescriptorIndex::FileContainingExtension(const std::string& extended_type,
                                                                                int number) const {
  const Descriptor* type = pool_->FindMessageTypeByName(extended_type);
  if (type == nullptr) return NotFound("message type", extended_type);
  const FieldDescriptor* extension = pool_->FindExtensionByNumber(type, number);
  if (extension == nullptr) return NotFound("extension", absl::StrCat(extended_type, " ", number));
  return WithImports(extension->file());
}

absl::StatusOr<std::vector<int>> DescriptorIndex::ExtensionNumbers(const std::string& extended_type) const {
  const Descriptor* type = pool_->FindMessageTypeByName(extended_type);
  if (type == nullptr) return NotFound("message type", extended_type);
  std::vector<const FieldDescriptor*> extensions;
  pool_->FindAllExtensions(type, &extensions);
  std::vector<int> numbers;
  for (const FieldDescriptor* extension : extensions) numbers.push_back(extension->number());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace millrace
