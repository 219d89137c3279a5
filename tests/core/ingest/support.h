// What the tests of core/ingest share: a sink that remembers, folders that vanish, and compressors.
#pragma once

#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/reader.h"

namespace millrace {

// Remembers everything that a reader finds.
class CollectingSink : public RecordSink {
 public:
  struct Taken {
    Post post;
    std::vector<Tag> tags;
    int64_t line = 0;
    int64_t duplicate_tag_count = 0;
  };

  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                      int64_t duplicate_tag_count) override {
    Taken taken{post, {}, line, duplicate_tag_count};
    for (const ImportedTag& tag : tags) taken.tags.push_back({tag.id, std::string(tag.name), tag.category, 0});
    posts.push_back(std::move(taken));
    return absl::OkStatus();
  }
  absl::Status OnTag(const TagFact& tag, int64_t) override {
    tags.push_back(tag);
    return absl::OkStatus();
  }
  absl::Status OnTagRelation(const TagRelation& relation, int64_t) override {
    relations.push_back(relation);
    return absl::OkStatus();
  }
  absl::Status OnPool(const PoolFact& pool, int64_t) override {
    pools.push_back(pool);
    return absl::OkStatus();
  }
  absl::Status OnArtist(const ArtistFact& artist, int64_t) override {
    artists.push_back(artist);
    return absl::OkStatus();
  }
  absl::Status OnRejected(RejectedRecord record) override {
    rejected.push_back(std::move(record));
    return absl::OkStatus();
  }
  absl::Status CheckCancelled() override {
    return cancelled ? MakeError(Reason::kCancelled, "cancelled by the test") : absl::OkStatus();
  }

  std::vector<Taken> posts;
  std::vector<TagFact> tags;
  std::vector<TagRelation> relations;
  std::vector<PoolFact> pools;
  std::vector<ArtistFact> artists;
  std::vector<RejectedRecord> rejected;
  bool cancelled = false;
};

// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "millrace-ingest-test-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = path;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  size_t EntryCount() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::string path_;
};

inline std::string ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

inline std::string Gzip(std::string_view bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate failed");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// `window_log` 0: as the level says.
inline std::string Zstd(std::string_view bytes, int window_log = 0) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (window_log != 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(bytes.size()) + 64, '\0');
  // Without the size in the header, as a pipe gives it: else the window would shrink to the content.
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  ZSTD_compressStream2(context, &output, &input, ZSTD_e_continue);
  if (ZSTD_compressStream2(context, &output, &input, ZSTD_e_end) != 0) throw std::runtime_error("zstd failed");
  out.resize(output.pos);
  ZSTD_freeCCtx(context);
  return out;
}

}  // namespace millrace
