// Goal: what is written is read back, files of taggers are read, and every bad file is refused with line, column and
// what to do. Method: made up vocabularies to CSV and back; files by hand, those that were refused kept; random damage.
#include "core/vocabulary/vocabulary_csv.h"

#include <random>

#include "core/base/error.h"
#include "core/base/text.h"
#include "tests/core/vocabulary/random_vocabulary.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Entries = std::vector<VocabularyEntry>;

Entries Parsed(std::string_view csv) {
  const absl::StatusOr<Vocabulary> vocabulary = ParseVocabularyCsv(csv);
  INFO(vocabulary.status().ToString());
  REQUIRE(vocabulary.ok());
  return vocabulary->entries();
}

std::string Refused(std::string_view csv) {
  const absl::Status status = ParseVocabularyCsv(csv).status();
  CHECK(ReasonOf(status) == Reason::kVocabularyInvalid);
  CHECK(IsValidUtf8(std::string_view(status.message().data(), status.message().size())));
  return std::string(status.message());
}

TEST_CASE("a vocabulary is written as taggers read it") {
  CHECK(VocabularyCsvOf({{470575, "1girl", TagCategory::kGeneral, 4225150},
                         {12, "kantoku", TagCategory::kArtist, 9},
                         {13, "touhou", TagCategory::kCopyright, 8},
                         {14, "hakurei_reimu", TagCategory::kCharacter, 7},
                         {15, "highres", TagCategory::kMeta, 6},
                         {16, "wolf", TagCategory::kSpecies, 5},
                         {0, "a,\"b\"\r\n", TagCategory::kUnspecified, 0}}) ==
        "tag_id,name,category,count\n"
        "470575,1girl,0,4225150\n"
        "12,kantoku,1,9\n"
        "13,touhou,3,8\n"
        "14,hakurei_reimu,4,7\n"
        "15,highres,5,6\n"
        "16,wolf,species,5\n"
        "0,\"a,\"\"b\"\"\r\n\",unspecified,0\n");
}

TEST_CASE("what is written is read back, every entry of it") {
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    const Entries entries = testing::RandomVocabularyEntries(random);
    CHECK(Parsed(VocabularyCsvOf(entries)) == entries);
  }
}

TEST_CASE("columns may stand in any order, have their other names, and be missing or more") {
  const Entries expected = {{5, "a", TagCategory::kGeneral, 9}, {6, "b", TagCategory::kArtist, 8}};
  CHECK(Parsed("tag_id,name,category,count\n5,a,0,9\n6,b,1,8\n") == expected);
  CHECK(Parsed("post_count,category,name,id\r\n9,general,a,5\r\n8,artist,b,6") == expected);
  CHECK(Parsed("\xEF\xBB\xBFid,name,ips,category,post_count\n5,a,\xFF,0,9\n\n6,b,,1,8\n") == expected);
  CHECK(Parsed("name\na\nb\n") == Entries{{0, "a", {}, 0}, {0, "b", {}, 0}});
  CHECK(Parsed("tag_id,name,category,count\n,a,,\n") == Entries{{0, "a", {}, 0}});
}

TEST_CASE("categories are Danbooru's numbers or words") {
  const Entries entries = Parsed(
      "name,category\n0,0\n1,1\n2,3\n3,4\n4,5\n5,general\n6,artist\n7,copyright\n8,character\n9,meta\n10,species\n"
      "11,invalid\n12,lore\n13,contributor\n14,unspecified\n");
  std::vector<int> categories;
  for (const VocabularyEntry& entry : entries) categories.push_back(static_cast<int>(entry.category));
  CHECK(categories == std::vector<int>{1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0});
}

TEST_CASE("bad files are refused with line, column and what to do") {
  CHECK(Refused("").find("line 1, column 1: the file is empty. Begin it with") == 0);
  CHECK(Refused("\n\n").find("the file is empty") != std::string::npos);
  CHECK(Refused("name\n").find("line 1, column 1: no label follows the first line") == 0);
  CHECK(Refused("1girl,0\n").find("line 1, column 1: the first line is \"1girl,0\", which names no column `name`") ==
        0);
  CHECK(Refused("Name\na\n").find("names no column `name`") != std::string::npos);
  CHECK(Refused("name,id,tag_id\na,1,1\n").find("line 1, column 3 (tag_id): column 2 says the same already") == 0);
  CHECK(Refused("name,name\na,a\n").find("line 1, column 2 (name)") == 0);
  CHECK(Refused("name,category\na,0\nb\n").find("line 3, column 1: the line has 1 fields and the first line 2") == 0);
  CHECK(Refused("name\na,b\n").find("line 2, column 2: the line has 2 fields") == 0);
  CHECK(Refused("name,category\na,2\n").find("line 2, column 2 (category): \"2\" is no category. Write 0 (general)") ==
        0);
  CHECK(Refused("name,category\ngeneral,9\n").find("Taggers mark ratings like this") != std::string::npos);
  CHECK(Refused("name,category\na,General\n").find("line 2, column 2 (category)") == 0);
  CHECK(Refused("tag_id,name\nx,a\n").find("line 2, column 1 (tag_id): \"x\" is no whole number") == 0);
  CHECK(Refused("id,name\n-1,a\n").find("line 2, column 1 (id)") == 0);
  CHECK(Refused("id,name\n9223372036854775808,a\n").find("line 2, column 1 (id)") == 0);
  CHECK(Refused("count,name\n1.5,a\n").find("line 2, column 1 (count)") == 0);
  CHECK(Refused("count,name\n 1,a\n").find("line 2, column 1 (count)") == 0);
  CHECK(Refused("id,name\n1,\n").find("line 2, column 2 (name): the label has an empty name") == 0);
  CHECK(Refused("id,name\n1,a\xFF\n")
            .find("line 2, column 2 (name): the label has the name \"a\\xff\", which is not UTF-8") == 0);
  CHECK(Refused(std::string_view("name\na\0b\n", 9)).find("line 2, column 1 (name)") == 0);
  CHECK(Refused("name\n" + std::string(1025, 'x')).find("line 2, column 1 (name)") == 0);
  CHECK(Refused("name,category\na,0\nb,0\na,general\n")
            .find("line 4, column 1 (name): \"a\" of category general stands on line 2 already") == 0);
  // UTF-16, as spreadsheets save it when asked for "Unicode text".
  CHECK(Refused(std::string_view("\xFF\xFEn\0a\0m\0e\0\n\0a\0\n\0", 16)).find("Save the file as UTF-8") !=
        std::string::npos);
}

TEST_CASE("a file has at most 16 MiB") {
  std::string csv = "name\n";
  csv.resize(kVocabularyCsvSizeBytesMax + 1, '\n');
  CHECK(Refused(csv).find("the file has 16777217 bytes; at most 16777216") == 0);
  csv.pop_back();
  CHECK(Refused(csv).find("no label follows") != std::string::npos);
}

TEST_CASE("whatever the bytes are, a file is read whole or refused") {
  std::mt19937 random(4);
  const std::string alphabet = "a,\"\n\r0\xC3\xA4\xFFn";
  for (int i = 0; i < 20'000; ++i) {
    std::string csv = VocabularyCsvOf(testing::RandomVocabularyEntries(random));
    for (uint32_t change = random() % 4; change > 0; --change) {
      const size_t place = random() % csv.size();
      if (random() % 2 == 0) {
        csv[place] = alphabet[random() % alphabet.size()];
      } else {
        csv.erase(place, random() % 5);
      }
      if (csv.empty()) break;
    }
    const absl::StatusOr<Vocabulary> vocabulary = ParseVocabularyCsv(csv);
    if (vocabulary.ok()) {
      REQUIRE(Parsed(VocabularyCsvOf(vocabulary->entries())) == vocabulary->entries());
    } else {
      REQUIRE(ReasonOf(vocabulary.status()) == Reason::kVocabularyInvalid);
    }
  }
}

}  // namespace
}  // namespace millrace
