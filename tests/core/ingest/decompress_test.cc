// Goal: gzip and zstd come back as they were, in pieces of any size, and damage never passes for an end.
// Method: round trips; every truncation and a flipped bit at every byte of small files; hostile headers.
#include "core/ingest/decompress.h"

#include <string>

#include "core/base/error.h"
#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

struct Result {
  absl::Status status;
  std::string bytes;
};

Result Decompress(Compression compression, std::string_view bytes, size_t piece_bytes = 1 << 16) {
  Result result;
  const auto stream = Decompressor::Create(compression, "dump.jsonl.gz", [&](std::string_view piece) {
    result.bytes.append(piece);
    return absl::OkStatus();
  });
  for (size_t i = 0; i < bytes.size() && result.status.ok(); i += piece_bytes) {
    result.status = stream->Write(bytes.substr(i, piece_bytes));
  }
  if (result.status.ok()) result.status = stream->Finish();
  return result;
}

std::string SampleText(size_t size_bytes) {
  std::string text;
  for (uint64_t i = 1; text.size() < size_bytes; ++i)
    text += std::to_string(i * 2654435761u) + (i % 7 == 0 ? "\n" : " ");
  text.resize(size_bytes);
  return text;
}

TEST_CASE("what was compressed comes back, in pieces of any size") {
  const std::string text = SampleText(1 << 20);
  for (const std::string& packed : {Gzip(text), Zstd(text), text}) {
    for (const size_t piece_bytes : {size_t{1}, size_t{15}, size_t{4096}, packed.size()}) {
      if (piece_bytes == 1 && packed.size() > (1 << 19)) continue;
      const Result result = Decompress(Compression::kUnspecified, packed, piece_bytes);
      REQUIRE(result.status.ok());
      CHECK(result.bytes == text);
    }
  }
}

TEST_CASE("several members and frames follow one another") {
  const Result gzip = Decompress(Compression::kGzip, Gzip("one\n") + Gzip("") + Gzip("two\n"));
  REQUIRE(gzip.status.ok());
  CHECK(gzip.bytes == "one\ntwo\n");
  const std::string skippable("\x53\x2A\x4D\x18\x03\x00\x00\x00xyz", 11);
  const Result zstd = Decompress(Compression::kUnspecified, skippable + Zstd("one\n") + Zstd("two\n"), 5);
  REQUIRE(zstd.status.ok());
  CHECK(zstd.bytes == "one\ntwo\n");
}

TEST_CASE("zeros behind a gzip member are padding, other bytes are not") {
  const std::string zeros(70'000, '\0');
  for (const size_t piece_bytes : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
    const Result padded = Decompress(Compression::kUnspecified, Gzip("one\n") + zeros, piece_bytes);
    REQUIRE(padded.status.ok());
    CHECK(padded.bytes == "one\n");
    CHECK(Decompress(Compression::kUnspecified, Gzip("one\n") + zeros + Gzip("two\n"), piece_bytes).bytes ==
          "one\ntwo\n");
    CHECK_FALSE(Decompress(Compression::kUnspecified, Gzip("one\n") + zeros + "x", piece_bytes).status.ok());
  }
}

TEST_CASE("highly compressible data comes out whole though the input ends early") {
  const std::string zeros(10 << 20, '0');
  CHECK(Decompress(Compression::kUnspecified, Gzip(zeros)).bytes == zeros);
  CHECK(Decompress(Compression::kUnspecified, Zstd(zeros)).bytes == zeros);
}

TEST_CASE("plain bytes pass, however few") {
  for (const std::string& text : {std::string(), std::string("{"), std::string("0123456789abcdef"), SampleText(100)}) {
    CHECK(Decompress(Compression::kUnspecified, text).bytes == text);
    CHECK(Decompress(Compression::kNone, text).bytes == text);
  }
}

TEST_CASE("a file cut anywhere is refused, with its name and the offset") {
  const std::string text = SampleText(3000);
  for (const std::string& packed : {Gzip(text), Zstd(text)}) {
    for (size_t size = 4; size < packed.size(); ++size) {
      const Result result = Decompress(Compression::kUnspecified, packed.substr(0, size));
      INFO(size);
      REQUIRE(ReasonOf(result.status) == Reason::kFileInvalid);
      CHECK(MetadataOf(result.status).at("file") == "dump.jsonl.gz");
      CHECK(MetadataOf(result.status).at("offset") == std::to_string(size));
    }
  }
}

TEST_CASE("damaged bytes never pass for the original") {
  const std::string text = SampleText(3000);
  for (const std::string& packed : {Gzip(text), Zstd(text)}) {
    int refused_count = 0;
    for (size_t i = 2; i < packed.size(); ++i) {
      std::string damaged = packed;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      const Result result = Decompress(packed[0] == '\x1F' ? Compression::kGzip : Compression::kZstd, damaged);
      // Bytes of the header such as gzip's time stamp may change without changing the content.
      if (result.status.ok()) {
        CHECK(result.bytes == text);
      } else {
        ++refused_count;
        CHECK(ReasonOf(result.status) == Reason::kFileInvalid);
      }
    }
    CHECK(refused_count > static_cast<int>(packed.size()) - 20);
  }
}

TEST_CASE("bytes behind the end are refused") {
  for (const std::string& packed : {Gzip("one\n"), Zstd("one\n")}) {
    const Result result = Decompress(Compression::kUnspecified, packed + "and more that is no gzip");
    CHECK(ReasonOf(result.status) == Reason::kFileInvalid);
  }
}

TEST_CASE("a declared compression must fit the bytes") {
  const std::string text = SampleText(100);
  for (const auto& [declared, bytes] : {std::pair(Compression::kGzip, text), std::pair(Compression::kGzip, Zstd(text)),
                                        std::pair(Compression::kZstd, Gzip(text)), std::pair(Compression::kZstd, text),
                                        std::pair(Compression::kGzip, std::string())}) {
    const Result result = Decompress(declared, bytes);
    CHECK(ReasonOf(result.status) == Reason::kFileInvalid);
    CHECK(std::string(result.status.message()).find("dump.jsonl.gz: declared as compressed with") == 0);
    CHECK(result.bytes.empty());
  }
}

TEST_CASE("a zstd window above the limit is refused from its header") {
  const std::string text = SampleText(100000);
  CHECK(Decompress(Compression::kZstd, Zstd(text, 27)).status.ok());
  const Result result = Decompress(Compression::kZstd, Zstd(text, 28));
  CHECK(ReasonOf(result.status) == Reason::kFileInvalid);
  CHECK(std::string(result.status.message()).find("128 MiB") != std::string::npos);
}

TEST_CASE("an error of the output stops the decompression") {
  int call_count = 0;
  const auto stream = Decompressor::Create(Compression::kUnspecified, "x", [&](std::string_view) {
    ++call_count;
    return MakeError(Reason::kDiskFull, "full");
  });
  CHECK(ReasonOf(stream->Write(Gzip(SampleText(5 << 20)))) == Reason::kDiskFull);
  CHECK(call_count == 1);
}

}  // namespace
}  // namespace millrace
