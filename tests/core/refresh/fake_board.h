// A board without a network: posts by id, and failures to come. Its pages are Danbooru's JSON lines, whatever the kind,
// so that the engine is tested apart from the readers of pages.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/fetch/http_fetcher.h"
#include "core/ingest/danbooru_jsonl.h"
#include "core/refresh/page_fetcher.h"

namespace millrace {

// Takes the ids of tags away, as boards of today do: they tell names only.
class NamesOnlySink final : public RecordSink {
 public:
  NamesOnlySink(RecordSink* sink, TagCategory category) : sink_(*sink), category_(category) {}
  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line, int64_t count) override {
    Post nameless = post;
    nameless.tag_ids.clear();
    std::vector<ImportedTag> names;
    // Also in another order than that of the ids.
    for (auto tag = tags.rbegin(); tag != tags.rend(); ++tag) names.push_back({0, tag->name, category_});
    return sink_.OnPost(nameless, names, line, count);
  }
  absl::Status OnTag(const TagFact& tag, int64_t line) override { return sink_.OnTag(tag, line); }
  absl::Status OnTagRelation(const TagRelation& one, int64_t line) override { return sink_.OnTagRelation(one, line); }
  absl::Status OnPool(const PoolFact& pool, int64_t line) override { return sink_.OnPool(pool, line); }
  absl::Status OnArtist(const ArtistFact& artist, int64_t line) override { return sink_.OnArtist(artist, line); }
  absl::Status OnRejected(RejectedRecord rejected) override { return sink_.OnRejected(std::move(rejected)); }
  absl::Status CheckCancelled() override { return sink_.CheckCancelled(); }

 private:
  RecordSink& sink_;
  const TagCategory category_;
};

class NamesOnlyReader final : public DumpReader {
 public:
  NamesOnlyReader(RecordSink* sink, TagCategory category) : sink_(sink, category), reader_(&sink_, 1 << 20) {}
  absl::Status BeginFile(std::string_view name) override { return reader_.BeginFile(name); }
  absl::Status Write(std::string_view bytes) override { return reader_.Write(bytes); }
  absl::Status EndFile() override { return reader_.EndFile(); }

 private:
  NamesOnlySink sink_;
  DanbooruJsonlReader reader_;
};

class FakeBoard final : public HttpFetcher {
 public:
  struct BoardPost {
    std::string md5_digit = "0";  // repeated 32 times
    int score = 0;
    bool is_deleted = false;
    std::vector<int> tag_ids = {1};
  };

  absl::StatusOr<HttpResponse> Get(const HttpRequest& request) override {
    const int64_t after_id = NumberBehind(request.url, "page=a");
    const int64_t limit = NumberBehind(request.url, "limit=");
    requests.push_back(after_id);
    if (on_request) on_request(after_id);
    if (!answers.empty()) {
      const auto answer = answers.front();
      answers.pop_front();
      return answer;
    }
    if (const auto broken = broken_pages.find(after_id); broken != broken_pages.end()) return broken->second;
    HttpResponse response;
    response.status_code = 200;
    response.body = Page(after_id, limit);
    return response;
  }

  // Newest first, as a board does it.
  std::string Page(int64_t after_id, int64_t limit) const {
    std::vector<std::string> lines;
    for (auto post = posts.upper_bound(after_id); post != posts.end() && limit > 0; ++post, --limit) {
      lines.push_back(Line(post->first, post->second));
    }
    std::string page;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) absl::StrAppend(&page, *line, "\n");
    return page;
  }

  static MakePageReader ReaderMaker() {
    return [](BoardKind, RecordSink* sink) { return std::make_unique<DanbooruJsonlReader>(sink, 1 << 20); };
  }

  static MakePageReader NamesOnlyMaker(TagCategory category) {
    return [category](BoardKind, RecordSink* sink) { return std::make_unique<NamesOnlyReader>(sink, category); };
  }

  std::map<int64_t, BoardPost> posts;
  std::deque<absl::StatusOr<HttpResponse>> answers;              // for the next requests, before anything else
  std::map<int64_t, absl::StatusOr<HttpResponse>> broken_pages;  // by after_id
  std::vector<int64_t> requests;                                 // their after_ids
  std::function<void(int64_t after_id)> on_request;

 private:
  static int64_t NumberBehind(const std::string& url, const std::string& key) {
    const size_t begin = url.find(key) + key.size();
    int64_t number = 0;
    const bool is_number = absl::SimpleAtoi(url.substr(begin, url.find('&', begin) - begin), &number);
    return is_number ? number : -1;
  }

  static std::string Line(int64_t id, const BoardPost& post) {
    std::string md5;
    for (int i = 0; i < 32; ++i) md5 += post.md5_digit;
    std::string tags;
    for (const int tag_id : post.tag_ids) {
      absl::StrAppend(&tags, tags.empty() ? "" : ",", R"({"id":")", tag_id, R"(","name":"tag)", tag_id,
                      R"(","category":"0"})");
    }
    return absl::StrCat(R"({"id":")", id, R"(","md5":")", md5, R"(","rating":"s","score":")", post.score,
                        R"(","file_ext":"png","is_deleted":)", post.is_deleted ? "true" : "false", R"(,"tags":[)", tags,
                        "]}");
  }
};

inline HttpResponse StatusAnswer(int status_code, const std::string& retry_after = "") {
  return {status_code, "", retry_after};
}

}  // namespace millrace
