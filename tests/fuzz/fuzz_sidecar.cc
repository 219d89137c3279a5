// The sidecars of pictures. The first byte chooses text or JSON, the rest is the sidecar. Any bytes give one post with
// tags that the catalog may take, or one rejected record with a reason.
#include "core/base/text.h"
#include "core/ingest/picture_folder.h"
#include "tests/fuzz/check.h"

namespace millrace {
namespace {

class CheckingSink : public RecordSink {
 public:
  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t, int64_t) override {
    ++record_count;
    FUZZ_CHECK(post.id > 0 && post.tag_ids.empty());
    FUZZ_CHECK(IsValidUtf8(post.source) && IsValidUtf8(post.extra_json) && IsValidUtf8(post.file_ext));
    for (const ImportedTag& tag : tags) {
      FUZZ_CHECK(tag.id == 0 && !tag.name.empty() && tag.name.size() <= 1024 && IsValidUtf8(tag.name));
    }
    return absl::OkStatus();
  }
  absl::Status OnTag(const TagFact&, int64_t) override { return Unexpected(); }
  absl::Status OnTagRelation(const TagRelation&, int64_t) override { return Unexpected(); }
  absl::Status OnPool(const PoolFact&, int64_t) override { return Unexpected(); }
  absl::Status OnArtist(const ArtistFact&, int64_t) override { return Unexpected(); }
  absl::Status OnRejected(RejectedRecord rejected) override {
    ++record_count;
    FUZZ_CHECK(!rejected.reason.empty() && IsValidUtf8(rejected.reason) && IsValidUtf8(rejected.field));
    return absl::OkStatus();
  }
  absl::Status CheckCancelled() override { return absl::OkStatus(); }

  int record_count = 0;

 private:
  static absl::Status Unexpected() {
    FUZZ_CHECK(false);
    return absl::OkStatus();
  }
};

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = millrace::fuzz::Text(data, size);
  if (text.empty()) return 0;
  const bool is_json = text[0] == 'j';
  text.remove_prefix(1);
  millrace::CheckingSink sink;
  millrace::PictureFolderReader reader(&sink, 4096);
  reader.SetPicture({"set/a.png", 5, 640, 480, std::nullopt});
  FUZZ_CHECK(reader.BeginFile(is_json ? "set/a.json" : "set/a.txt").ok());
  FUZZ_CHECK(reader.Write(text).ok());
  FUZZ_CHECK(reader.EndFile().ok());
  FUZZ_CHECK(sink.record_count == 1);
  return 0;
}
