// Goal: vocabularies are made from snapshots and files, named, listed, exported and deleted as the contract says.
// Method: a real server over made up posts.
#include "server/rpc/vocabulary_service.h"

#include <functional>
#include <string>
#include <vector>

#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Stub = v1::VocabularyService::Stub;

template <typename Request, typename Response>
Response Ok(RpcServer& server, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
            const Request& request) {
  Response response;
  const grpc::Status status = Call(server.vocabulary_stub, method, request, &response);
  INFO(status.error_message());
  REQUIRE(status.ok());
  return response;
}

template <typename Request, typename Response>
grpc::Status Fails(RpcServer& server, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                   const Request& request) {
  Response response;
  return Call(server.vocabulary_stub, method, request, &response);
}

v1::CreateVocabularyRequest CsvRequest(const std::string& name, const std::string& csv) {
  v1::CreateVocabularyRequest request;
  request.set_name(name);
  request.set_csv(csv);
  return request;
}

v1::CreateVocabularyRequest DatasetRequest(const std::string& name, const std::string& dataset) {
  v1::CreateVocabularyRequest request;
  request.set_name(name);
  request.mutable_selection()->set_dataset(dataset);
  return request;
}

v1::Vocabulary Create(RpcServer& server, const v1::CreateVocabularyRequest& request) {
  return Ok(server, &Stub::CreateVocabulary, request).vocabulary();
}

// Request types whose only field is the reference.
template <typename Request>
Request Naming(const std::string& reference) {
  Request request;
  request.set_vocabulary(reference);
  return request;
}

std::string Export(RpcServer& server, const std::string& reference) {
  return Ok(server, &Stub::ExportVocabulary, Naming<v1::ExportVocabularyRequest>(reference)).csv();
}

std::vector<v1::VocabularyEntry> Entries(RpcServer& server, const std::string& reference, int page_size) {
  auto request = Naming<v1::ListVocabularyEntriesRequest>(reference);
  request.set_page_size(page_size);
  std::vector<v1::VocabularyEntry> entries;
  do {
    const auto page = Ok(server, &Stub::ListVocabularyEntries, request);
    entries.insert(entries.end(), page.entries().begin(), page.entries().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return entries;
}

constexpr char kCsv[] = "tag_id,name,category,count\n7,long_hair,0,30\n0,\"a,b\",4,20\n9,wolf,species,10\n";

TEST_CASE("a snapshot's tags become labels, the most used first") {
  RpcServer server;
  const std::string snapshot = ImportPosts(server, "d", 60);
  const v1::CreateVocabularyResponse made = Ok(server, &Stub::CreateVocabulary, DatasetRequest("all", "d"));
  CHECK(made.created());
  CHECK(made.tags() == v1::TAG_READING_AS_SAID);
  CHECK(made.vocabulary().name() == "all");
  CHECK(made.vocabulary().version() == 1);
  CHECK(made.vocabulary().snapshot() == snapshot);
  CHECK(made.vocabulary().created_at().seconds() > 1'600'000'000);
  const std::vector<v1::VocabularyEntry> entries = Entries(server, "all", 0);
  REQUIRE(static_cast<int64_t>(entries.size()) == made.vocabulary().label_count());
  REQUIRE(entries.size() > 3);
  for (size_t i = 1; i < entries.size(); ++i) {
    const bool is_ordered = entries[i - 1].post_count() != entries[i].post_count()
                                ? entries[i - 1].post_count() > entries[i].post_count()
                                : entries[i - 1].tag_id() < entries[i].tag_id();
    CHECK(is_ordered);
  }
  v1::CreateVocabularyRequest applied = DatasetRequest("all", "d");
  applied.mutable_selection()->set_tags(v1::TAG_READING_APPLIED);
  const v1::CreateVocabularyResponse same = Ok(server, &Stub::CreateVocabulary, applied);
  CHECK_FALSE(same.created());  // there are no relations; the answer tells the reading all the same
  CHECK(same.tags() == v1::TAG_READING_APPLIED);
  v1::CreateVocabularyRequest top = DatasetRequest("top", "");
  top.mutable_selection()->set_snapshot(snapshot.substr(0, 10));
  top.mutable_selection()->set_top(2);
  CHECK(Create(server, top).label_count() == 2);
  CHECK(Entries(server, "top", 0)[1].name() == entries[1].name());
}

TEST_CASE("the same labels are the same version, others the next") {
  RpcServer server;
  const v1::CreateVocabularyResponse first = Ok(server, &Stub::CreateVocabulary, CsvRequest("v", kCsv));
  CHECK(first.created());
  CHECK(first.tags() == v1::TAG_READING_UNSPECIFIED);
  CHECK(first.vocabulary().snapshot().empty());
  // Numbers of posts and ids are notes, not labels.
  const v1::CreateVocabularyResponse again =
      Ok(server, &Stub::CreateVocabulary,
         CsvRequest("v", "name,category\r\nlong_hair,general\r\n\"a,b\",character\r\nwolf,species\r\n"));
  CHECK_FALSE(again.created());
  CHECK(again.vocabulary().SerializeAsString() == first.vocabulary().SerializeAsString());
  const v1::Vocabulary second = Create(server, CsvRequest("v", "name\nother\n"));
  CHECK(second.version() == 2);
  CHECK(Create(server, CsvRequest("w", kCsv)).digest() == first.vocabulary().digest());
  RpcServer other;
  CHECK(Create(other, CsvRequest("x", kCsv)).digest() == first.vocabulary().digest());
}

TEST_CASE("an exported file is read back as the same vocabulary") {
  RpcServer server;
  ImportPosts(server, "d", 60);
  const std::string digest = Create(server, DatasetRequest("v", "d")).digest();
  const std::string csv = Export(server, "v@1");
  CHECK(Create(server, CsvRequest("w", csv)).digest() == digest);
  CHECK(Export(server, "w") == csv);
  Create(server, CsvRequest("x", kCsv));
  CHECK(Export(server, "x") == kCsv);
}

TEST_CASE("vocabularies are got by name, version, digest and prefix") {
  RpcServer server;
  const std::string digest = Create(server, CsvRequest("v", kCsv)).digest();
  Create(server, CsvRequest("v", "name\nother\n"));
  const auto get = [&](const std::string& reference) {
    return Ok(server, &Stub::GetVocabulary, Naming<v1::GetVocabularyRequest>(reference)).vocabulary();
  };
  CHECK(get("v").version() == 2);
  CHECK(get("v@1").digest() == digest);
  CHECK(get(digest).version() == 1);
  CHECK(get(digest.substr(0, 8)).label_count() == 3);
  const auto fails = [&](const std::string& reference) {
    return Fails(server, &Stub::GetVocabulary, Naming<v1::GetVocabularyRequest>(reference));
  };
  CHECK(ReasonOf(fails("w")) == "VOCABULARY_NOT_FOUND");
  CHECK(ReasonOf(fails(std::string(64, 'f'))) == "VOCABULARY_NOT_FOUND");
  for (const char* reference : {"", "v@x", "No", "1"}) {
    CHECK(FieldOf(fails(reference)) == "vocabulary");
  }
}

TEST_CASE("vocabularies are listed by name, newest version first, page by page") {
  RpcServer server;
  for (const char* csv : {"name\na\n", "name\nb\n", "name\nc\n"}) {
    for (const char* name : {"w", "v"}) Create(server, CsvRequest(name, csv));
  }
  v1::ListVocabulariesRequest request;
  request.set_page_size(2);
  std::vector<std::string> listed;
  do {
    const auto page = Ok(server, &Stub::ListVocabularies, request);
    for (const auto& one : page.vocabularies()) listed.push_back(one.name() + "@" + std::to_string(one.version()));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(listed == std::vector<std::string>{"v@3", "v@2", "v@1", "w@3", "w@2", "w@1"});
  request.set_name("w");
  request.set_page_size(0);
  CHECK(Ok(server, &Stub::ListVocabularies, request).vocabularies_size() == 3);
  request.set_page_token("damaged");
  CHECK(ReasonOf(Fails(server, &Stub::ListVocabularies, request)) == "PAGE_TOKEN_INVALID");
  request.clear_page_token();
  request.set_page_size(-1);
  CHECK(FieldOf(Fails(server, &Stub::ListVocabularies, request)) == "page_size");
  request.set_page_size(0);
  request.set_name("No");
  CHECK(FieldOf(Fails(server, &Stub::ListVocabularies, request)) == "name");
}

TEST_CASE("entries come page by page, of the version that the first page was of") {
  RpcServer server;
  Create(server, CsvRequest("v", kCsv));
  auto request = Naming<v1::ListVocabularyEntriesRequest>("v");
  request.set_page_size(2);
  const auto first = Ok(server, &Stub::ListVocabularyEntries, request);
  REQUIRE(first.entries_size() == 2);
  CHECK(first.entries(0).tag_id() == 7);
  CHECK(first.entries(0).name() == "long_hair");
  CHECK(first.entries(0).category() == v1::TAG_CATEGORY_GENERAL);
  CHECK(first.entries(0).post_count() == 30);
  Create(server, CsvRequest("v", "name\nx\ny\nz\n"));
  request.set_page_token(first.next_page_token());
  const auto second = Ok(server, &Stub::ListVocabularyEntries, request);
  REQUIRE(second.entries_size() == 1);
  CHECK(second.entries(0).name() == "wolf");
  CHECK(second.next_page_token().empty());
  CHECK(Entries(server, "v", 1).size() == 3);
  request.set_vocabulary("v@2");
  CHECK(ReasonOf(Fails(server, &Stub::ListVocabularyEntries, request)) == "PAGE_TOKEN_INVALID");
  request.clear_page_token();
  request.set_page_size(-1);
  CHECK(FieldOf(Fails(server, &Stub::ListVocabularyEntries, request)) == "page_size");
}

TEST_CASE("a page of long names fits in what clients take by default", "[bulk]") {
  RpcServer server;
  std::string csv = "name\n";
  for (int i = 0; i < 9000; ++i) csv += std::string(1000, 'x') + std::to_string(i) + "\n";
  Create(server, CsvRequest("long", csv));
  auto request = Naming<v1::ListVocabularyEntriesRequest>("long");
  request.set_page_size(10'000);
  const auto page = Ok(server, &Stub::ListVocabularyEntries, request);
  CHECK(page.ByteSizeLong() < 4 << 20);
  CHECK(page.entries_size() > 1000);
  CHECK(Entries(server, "long", 10'000).size() == 9000);
}

TEST_CASE("a file that is wrong is refused with its line and column") {
  RpcServer server;
  const grpc::Status status = Fails(server, &Stub::CreateVocabulary, CsvRequest("v", "name,category\na,0\nb,9\n"));
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(ReasonOf(status) == "VOCABULARY_INVALID");
  const ErrorDetails details = ErrorDetailsOf(status);
  CHECK(details.info.metadata().at("line") == "3");
  CHECK(details.info.metadata().at("column") == "2");
  CHECK(status.error_message().find("line 3, column 2 (category)") == 0);
  CHECK(ReasonOf(Fails(server, &Stub::CreateVocabulary, CsvRequest("v", ""))) == "VOCABULARY_INVALID");
}

TEST_CASE("a request that is wrong is refused with its field") {
  RpcServer server;
  ImportPosts(server, "d", 10);
  v1::CreateVocabularyRequest request = DatasetRequest("v", "d");
  const auto field_after = [&](const std::function<void(v1::CreateVocabularyRequest&)>& change) {
    v1::CreateVocabularyRequest changed = request;
    change(changed);
    return FieldOf(Fails(server, &Stub::CreateVocabulary, changed));
  };
  CHECK(field_after([](auto& changed) { changed.set_name(""); }) == "name");
  CHECK(field_after([](auto& changed) { changed.set_name("deadbeef"); }) == "name");
  CHECK(field_after([](auto& changed) { changed.clear_origin(); }) == "origin");
  CHECK(field_after([](auto& changed) { changed.mutable_selection()->clear_dataset(); }) == "selection.snapshot");
  CHECK(field_after([](auto& changed) { changed.mutable_selection()->set_snapshot("x"); }) == "selection.dataset");
  CHECK(field_after([](auto& changed) { changed.mutable_selection()->set_dataset("No"); }) == "selection.dataset");
  CHECK(field_after([](auto& changed) { changed.mutable_selection()->set_top(-1); }) == "selection.top");
  CHECK(field_after([](auto& changed) { changed.mutable_selection()->set_min_post_count(-1); }) ==
        "selection.min_post_count");
  CHECK(field_after([](auto& changed) {
          changed.mutable_selection()->add_categories(v1::TAG_CATEGORY_META);
          changed.mutable_selection()->add_categories(static_cast<v1::TagCategory>(77));
        }) == "selection.categories[1]");
}

TEST_CASE("what a selection cannot be made of is told") {
  RpcServer server;
  const std::string snapshot = ImportPosts(server, "d", 10);
  const auto reason_after = [&](const std::function<void(v1::VocabularySelection&)>& change) {
    v1::CreateVocabularyRequest request = DatasetRequest("v", "d");
    change(*request.mutable_selection());
    return ReasonOf(Fails(server, &Stub::CreateVocabulary, request));
  };
  CHECK(reason_after([](auto& selection) { selection.set_dataset("nowhere"); }) == "DATASET_NOT_FOUND");
  CHECK(reason_after([](auto& selection) { selection.add_include("no_such_tag"); }) == "VOCABULARY_INVALID");
  CHECK(reason_after([](auto& selection) { selection.set_min_post_count(1000); }) == "VOCABULARY_INVALID");
  CHECK(reason_after([&](auto& selection) {
          selection.clear_dataset();
          selection.set_snapshot(std::string(64, '0'));
        }) == "SNAPSHOT_NOT_FOUND");
  v1::DeleteSnapshotRequest remove;
  remove.set_digest(snapshot);
  v1::DeleteSnapshotResponse removed;
  REQUIRE(Call(server.snapshot_stub, &v1::SnapshotService::Stub::DeleteSnapshot, remove, &removed).ok());
  CHECK(reason_after([](auto&) {}) == "SNAPSHOT_REQUIRED");
}

TEST_CASE("a vocabulary stands by itself: its snapshot may go") {
  RpcServer server;
  const std::string snapshot = ImportPosts(server, "d", 10);
  Create(server, DatasetRequest("v", "d"));
  const std::string csv = Export(server, "v");
  v1::DeleteSnapshotRequest remove;
  remove.set_digest(snapshot);
  v1::DeleteSnapshotResponse removed;
  REQUIRE(Call(server.snapshot_stub, &v1::SnapshotService::Stub::DeleteSnapshot, remove, &removed).ok());
  CHECK(Export(server, "v") == csv);
}

TEST_CASE("a deleted version is gone, and its number too") {
  RpcServer server;
  const std::string digest = Create(server, CsvRequest("v", kCsv)).digest();
  Create(server, CsvRequest("w", kCsv));
  auto request = Naming<v1::DeleteVocabularyRequest>(digest);
  CHECK(FieldOf(Fails(server, &Stub::DeleteVocabulary, request)) == "vocabulary");
  request.set_vocabulary("v");
  Ok(server, &Stub::DeleteVocabulary, request);
  CHECK(ReasonOf(Fails(server, &Stub::DeleteVocabulary, request)) == "VOCABULARY_NOT_FOUND");
  request.set_allow_missing(true);
  Ok(server, &Stub::DeleteVocabulary, request);
  request.set_vocabulary("");
  CHECK(FieldOf(Fails(server, &Stub::DeleteVocabulary, request)) == "vocabulary");
  CHECK(Create(server, CsvRequest("v", kCsv)).version() == 2);
  CHECK(Export(server, "w") == kCsv);
}

TEST_CASE("a file larger than the server sends is refused by name") {
  RpcServer server({.sent_message_size_bytes_max = 1000});
  std::string csv = "name\n";
  for (int i = 0; i < 300; ++i) csv += "tag" + std::to_string(i) + "\n";
  Create(server, CsvRequest("v", csv));
  CHECK(FieldOf(Fails(server, &Stub::ExportVocabulary, Naming<v1::ExportVocabularyRequest>("v"))) == "vocabulary");
  CHECK(Entries(server, "v", 20).size() == 300);
}

}  // namespace
}  // namespace millrace
