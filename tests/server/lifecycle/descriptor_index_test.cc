// Goal: files come with all they import, each once; extensions are found; what is not there is NOT_FOUND.
// Method: a pool built here, with a diamond of imports and an extension.
#include "server/lifecycle/descriptor_index.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace millrace {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;

FileDescriptorProto File(const std::string& name, const std::vector<std::string>& imports) {
  FileDescriptorProto file;
  file.set_name(name);
  file.set_package("test");
  for (const std::string& import : imports) file.add_dependency(import);
  return file;
}

void AddExtension(FileDescriptorProto& file, const std::string& name, int number) {
  FieldDescriptorProto* extension = file.add_extension();
  extension->set_name(name);
  extension->set_number(number);
  extension->set_extendee(".test.Base");
  extension->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  extension->set_type(FieldDescriptorProto::TYPE_INT32);
}

// top.proto imports left and right, which both import base.
void Fill(DescriptorPool& pool) {
  FileDescriptorProto base = File("base.proto", {});
  auto* message = base.add_message_type();
  message->set_name("Base");
  auto* range = message->add_extension_range();
  range->set_start(100);
  range->set_end(200);
  FileDescriptorProto left = File("left.proto", {"base.proto"});
  AddExtension(left, "late", 150);
  AddExtension(left, "early", 101);
  FileDescriptorProto top = File("top.proto", {"left.proto", "right.proto"});
  auto* service = top.add_service();
  service->set_name("Service");
  auto* method = service->add_method();
  method->set_name("Call");
  method->set_input_type(".test.Empty");
  method->set_output_type(".test.Empty");
  top.add_message_type()->set_name("Empty");
  for (const FileDescriptorProto& file : {base, left, File("right.proto", {"base.proto"}), top}) {
    REQUIRE(pool.BuildFile(file) != nullptr);
  }
}

std::vector<std::string> NamesOf(const absl::StatusOr<DescriptorIndex::Files>& files) {
  std::vector<std::string> names;
  if (!files.ok()) return names;
  for (const std::string& bytes : *files) {
    FileDescriptorProto file;
    REQUIRE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

TEST_CASE("A file comes first, then what it imports, each once") {
  DescriptorPool pool;
  Fill(pool);
  const DescriptorIndex index(&pool);
  std::vector<std::string> names = NamesOf(index.FileByName("top.proto"));
  REQUIRE(names.size() == 4);
  CHECK(names[0] == "top.proto");
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"base.proto", "left.proto", "right.proto", "top.proto"});
  CHECK(NamesOf(index.FileByName("base.proto")) == std::vector<std::string>{"base.proto"});
}

TEST_CASE("A symbol of any kind leads to its file") {
  DescriptorPool pool;
  Fill(pool);
  const DescriptorIndex index(&pool);
  for (const char* symbol : {"test.Service", "test.Service.Call", "test.Empty"}) {
    INFO(symbol);
    const auto names = NamesOf(index.FileContainingSymbol(symbol));
    REQUIRE(!names.empty());
    CHECK(names[0] == "top.proto");
  }
  CHECK(NamesOf(index.FileContainingSymbol("test.late"))[0] == "left.proto");
}

TEST_CASE("Extensions are found by type and number, and their numbers listed in order") {
  DescriptorPool pool;
  Fill(pool);
  const DescriptorIndex index(&pool);
  CHECK(NamesOf(index.FileContainingExtension("test.Base", 150)) ==
        std::vector<std::string>{"left.proto", "base.proto"});
  const auto numbers = index.ExtensionNumbers("test.Base");
  REQUIRE(numbers.ok());
  CHECK(*numbers == std::vector<int>{101, 150});
  const auto none = index.ExtensionNumbers("test.Empty");
  REQUIRE(none.ok());
  CHECK(none->empty());
}

TEST_CASE("What is not there is NOT_FOUND, and named") {
  DescriptorPool pool;
  Fill(pool);
  const DescriptorIndex index(&pool);
  const std::string name = "no\n\xff";
  for (const absl::Status& status :
       {index.FileByName(name).status(), index.FileContainingSymbol(name).status(), index.FileByName("").status(),
        index.FileContainingExtension(name, 1).status(), index.FileContainingExtension("test.Base", 102).status(),
        index.ExtensionNumbers(name).status()}) {
    CHECK(status.code() == absl::StatusCode::kNotFound);
    CHECK_THAT(std::string(status.message()), Catch::Matchers::StartsWith("no ") && !Catch::Matchers::Contains("\n"));
  }
}

}  // namespace
}  // namespace millrace
