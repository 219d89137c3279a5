// Goal: the same records come out however the text is cut, with the lines they begin on, and memory is bounded. Method:
// a text with everything in it, in pieces of every size, and random texts against the parser over the whole.
#include "core/base/csv_stream.h"

#include <random>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

struct Read {
  std::vector<std::vector<std::string>> records;
  std::vector<int64_t> lines;
  absl::Status status;
};

Read ReadAll(std::string_view text, size_t piece_bytes, int64_t record_size_bytes_max = 1000) {
  Read read;
  CsvStream stream(record_size_bytes_max, {[&](const CsvStream::Record& record) {
                                             std::vector<std::string> texts;
                                             for (const CsvField& field : record.fields) {
                                               texts.push_back((field.is_quoted ? "q" : "p") + std::string(field.text));
                                             }
                                             read.records.push_back(std::move(texts));
                                             read.lines.push_back(record.line);
                                             return absl::OkStatus();
                                           },
                                           [&](int64_t line, size_t field_number, std::string_view why) {
                                             return MakeError(Reason::kFileInvalid, std::to_string(line) + "." +
                                                                                        std::to_string(field_number) +
                                                                                        ": " + std::string(why));
                                           }});
  for (size_t i = 0; i < text.size() && read.status.ok(); i += piece_bytes) {
    read.status = stream.Write(text.substr(i, piece_bytes));
  }
  if (read.status.ok()) read.status = stream.End();
  return read;
}

TEST_CASE("records are the same in pieces of any size") {
  const std::string text =
      "\xEF\xBB\xBF"
      "id,text\r\n1,\"two\nlines, and a comma\"\n\n2,\"say \"\"hi\"\"\"\n3,\n4,\"\"\n5,last";
  for (size_t piece_bytes = 1; piece_bytes <= text.size(); ++piece_bytes) {
    const Read read = ReadAll(text, piece_bytes);
    INFO(piece_bytes << ": " << read.status.ToString());
    REQUIRE(read.status.ok());
    CHECK(read.records == std::vector<std::vector<std::string>>{{"pid", "ptext"},
                                                                {"p1", "qtwo\nlines, and a comma"},
                                                                {"p2", "qsay \"hi\""},
                                                                {"p3", "p"},
                                                                {"p4", "q"},
                                                                {"p5", "plast"}});
    CHECK(read.lines == std::vector<int64_t>{1, 2, 5, 6, 7, 8});
  }
}

TEST_CASE("half a byte order mark belongs to the text") {
  for (const size_t piece_bytes : {1, 2, 9}) {
    CHECK(ReadAll("\xEF\xBBz\n", piece_bytes).records == std::vector<std::vector<std::string>>{{"p\xEF\xBBz"}});
    CHECK(ReadAll("\xEF", piece_bytes).records == std::vector<std::vector<std::string>>{{"p\xEF"}});
    CHECK(ReadAll("\xEF\xBB\xBF", piece_bytes).records.empty());
  }
}

TEST_CASE("whatever the text, pieces change neither records nor the error") {
  std::mt19937 random(7);
  const std::string_view alphabet = "ab,\"\n\r";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (size_t size = random() % 30; size > 0; --size) text.push_back(alphabet[random() % alphabet.size()]);
    const Read whole = ReadAll(text, text.size() + 1, 20);
    const Read pieces = ReadAll(text, 1 + random() % 4, 20);
    INFO(text);
    CHECK(whole.records == pieces.records);
    CHECK(whole.lines == pieces.lines);
    CHECK(whole.status.ok() == pieces.status.ok());
  }
}

TEST_CASE("a record that is too long ends the stream, however it comes") {
  const std::string text = "id\n1,\"" + std::string(200, 'x') + "\"\n";
  for (const size_t piece_bytes : {1, 50, 1000}) {
    const Read read = ReadAll(text, piece_bytes, 100);
    CHECK(std::string(read.status.message()).find("2.0: the record that begins here is longer than 100 bytes") == 0);
    CHECK(ReadAll(text, piece_bytes, 205).status.ok());
  }
}

TEST_CASE("a missing closing quote is found at the end, on the line where the field begins") {
  CHECK(std::string(ReadAll("a\n\"b\nc\n", 3).status.message()).find("2.1: a quoted field does not end") == 0);
}

}  // namespace
}  // namespace millrace
