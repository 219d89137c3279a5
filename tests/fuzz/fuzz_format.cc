// The reader of one source format (MILLRACE_FUZZ_FORMAT, a name of SourceFormat), as the table of formats makes it. Any
// bytes give posts and facts that the catalog may take, rejected records with a reason, or a kFileInvalid error; and
// how the bytes are cut into pieces makes no difference.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/ingest/formats.h"
#include "core/ingest/recognise.h"
#include "tests/fuzz/check.h"

namespace millrace {
namespace {

constexpr SourceFormat kFormat = SourceFormat::MILLRACE_FUZZ_FORMAT;

// Checks what it is told, and sums it up.
class CheckingSink : public RecordSink {
 public:
  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line, int64_t) override {
    FUZZ_CHECK(post.id > 0);
    FUZZ_CHECK(IsValidUtf8(post.source) && IsValidUtf8(post.extra_json) && IsValidUtf8(post.file_ext));
    FUZZ_CHECK((post.flags.value & ~post.flags.known) == 0);
    int64_t last_id = 0;
    const bool has_ids = !tags.empty() && tags[0].id != 0;
    FUZZ_CHECK(post.tag_ids.size() == (has_ids ? tags.size() : 0));
    for (const ImportedTag& tag : tags) {
      FUZZ_CHECK(!tag.name.empty() && tag.name.size() <= 1024 && IsValidUtf8(tag.name));
      FUZZ_CHECK(has_ids ? tag.id > last_id : tag.id == 0);
      last_id = tag.id;
      Add(tag.name);
    }
    Add(post.source), Add(post.extra_json), AddNumber(post.id), AddNumber(line);
    return absl::OkStatus();
  }
  absl::Status OnTag(const TagFact& tag, int64_t line) override {
    FUZZ_CHECK(tag.id >= 0 && !tag.name.empty() && IsValidUtf8(tag.name));
    return Add(tag.name), AddNumber(line), absl::OkStatus();
  }
  absl::Status OnTagRelation(const TagRelation& relation, int64_t line) override {
    FUZZ_CHECK(!relation.antecedent.empty() && !relation.consequent.empty() && IsValidUtf8(relation.extra_json));
    return Add(relation.antecedent), AddNumber(line), absl::OkStatus();
  }
  absl::Status OnPool(const PoolFact& pool, int64_t line) override {
    FUZZ_CHECK(pool.id > 0 && IsValidUtf8(pool.name) && IsValidUtf8(pool.kind) && IsValidUtf8(pool.extra_json));
    return Add(pool.name), AddNumber(line), absl::OkStatus();
  }
  absl::Status OnArtist(const ArtistFact& artist, int64_t line) override {
    FUZZ_CHECK(!artist.name.empty() && IsValidUtf8(artist.extra_json));
    return Add(artist.name), AddNumber(line), absl::OkStatus();
  }
  absl::Status OnRejected(RejectedRecord rejected) override {
    FUZZ_CHECK(!rejected.reason.empty() && IsValidUtf8(rejected.reason) && IsValidUtf8(rejected.field));
    Add(rejected.field), Add(rejected.reason), AddNumber(rejected.line);
    return absl::OkStatus();
  }
  absl::Status CheckCancelled() override { return absl::OkStatus(); }

  void Add(std::string_view text) { sum_ = (sum_ ^ std::hash<std::string_view>()(text)) * 1099511628211u; }
  void AddNumber(int64_t number) { sum_ = (sum_ ^ static_cast<uint64_t>(number)) * 1099511628211u; }
  uint64_t sum() const { return sum_; }

 private:
  uint64_t sum_ = 1469598103934665603u;
};

const std::string& SpoolFolder() {
  static const std::string* const folder = [] {
    auto* path = new std::string((std::filesystem::temp_directory_path() / "millrace-fuzz-XXXXXX").string());
    FUZZ_CHECK(::mkdtemp(path->data()) != nullptr);
    std::atexit([] { std::filesystem::remove_all(SpoolFolder()); });
    return path;
  }();
  return *folder;
}

// What the reader makes of the text, in one number.
uint64_t Read(std::string_view text, size_t piece_bytes) {
  CheckingSink sink;
  ReaderOptions options;
  options.record_size_bytes_max = 4096;
  options.spool_folder = SpoolFolder();
  options.spool_size_bytes_max = 1 << 20;
  const std::unique_ptr<DumpReader> reader = FindFormat(kFormat)->make_reader(&sink, options);
  absl::Status status = reader->BeginFile("tag_aliases");
  // The pipeline gives a file's first bytes in one piece.
  size_t size = std::max<size_t>(16, piece_bytes);
  for (size_t begin = 0; begin < text.size() && status.ok(); begin += std::exchange(size, piece_bytes)) {
    status = reader->Write(text.substr(begin, size));
  }
  if (status.ok()) status = reader->EndFile();
  FUZZ_CHECK(status.ok() || ReasonOf(status) == Reason::kFileInvalid);
  sink.Add({status.message().data(), status.message().size()});
  return sink.sum();
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = millrace::fuzz::Text(data, size);
  millrace::RecogniseFormats(text.substr(0, millrace::kRecogniseSizeBytes));
  const uint64_t whole = millrace::Read(text, text.size() + 1);
  // A SQLite file is collected before it is read, so pieces tell nothing.
  const bool is_text = millrace::FindFormat(millrace::kFormat)->content == millrace::FileContent::kText;
  if (is_text) FUZZ_CHECK(millrace::Read(text, 7) == whole);
  return 0;
}
