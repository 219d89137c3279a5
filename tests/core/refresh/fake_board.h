// A board without a network: posts by id, and failures to come. Its pages are Danbooru's JSON lines, whatever the kind,
// so that the engine is tested apart from the readers of pages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/fetch/http_fetcher.h"
#include "core/ingest/danbooru_jsonl.h"
#include "core/refresh/page_fetcher.h"

namespace millrace {

// What a board shows when there is nothing: no board answers with no bytes.
inline constexpr char kEmptyPage[] = "[]";

// JSON lines, or kEmptyPage.
class FakePageReader final : public DumpReader {
 public:
  explicit FakePageReader(RecordSink* sink) : reader_(sink, 1 << 20) {}
  absl::Status BeginFile(std::string_view name) override { return reader_.BeginFile(name); }
  absl::Status Write(std::string_view bytes) override {
    return bytes == kEmptyPage ? absl::OkStatus() : reader_.Write(bytes);
  }
  absl::Status EndFile() override { return reader_.EndFile(); }

 private:
  DanbooruJsonlReader reader_;
};

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
  NamesOnlyReader(RecordSink* sink, TagCategory category) : sink_(sink, category), reader_(&sink_) {}
  absl::Status BeginFile(std::string_view name) override { return reader_.BeginFile(name); }
  absl::Status Write(std::string_view bytes) override { return reader_.Write(bytes); }
  absl::Status EndFile() override { return reader_.EndFile(); }

 private:
  NamesOnlySink sink_;
  FakePageReader reader_;
};

class FakeBoard final : public HttpFetcher {
 public:
  struct BoardPost {
    std::string md5_digit = "0";  // repeated 32 times
    int score = 0;
    bool is_deleted = false;
    std::vector<int> tag_ids = {1};
    int64_t change = 0;  // seconds since the first of all, and e621's number of it; 0: its line tells none
  };

  absl::StatusOr<HttpResponse> Get(const HttpRequest& request) override {
    if (absl::StrContains(request.url, "/tag.json") || absl::StrContains(request.url, "s=tag"))
      return Tags(request.url);
    if (absl::StrContains(request.url, "/tag_aliases.json")) return Relations(request.url, "tag_aliases", aliases);
    if (absl::StrContains(request.url, "/tag_implications.json"))
      return Relations(request.url, "tag_implications", implications);
    if (absl::StrContains(request.url, "order%3Achange") || absl::StrContains(request.url, "sort%3Aupdated"))
      return Changes(request.url);
    const bool is_paged = absl::StrContains(request.url, "page=a");
    const int64_t after_id = NumberBehind(request.url, is_paged ? "page=a" : "id%3A%3E");
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
    if (response.body.empty()) response.body = kEmptyPage;
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
    return [](BoardKind, RecordSink* sink) { return std::make_unique<FakePageReader>(sink); };
  }

  static MakePageReader NamesOnlyMaker(TagCategory category) {
    return [category](BoardKind, RecordSink* sink) { return std::make_unique<NamesOnlyReader>(sink, category); };
  }

  // As somebody edits the post.
  void Touch(int64_t id) { posts.at(id).change = last_change += change_step; }

  // The posts in the order of their changes, the newest first.
  std::vector<int64_t> IdsByChange() const {
    std::set<std::pair<int64_t, int64_t>> order;
    for (const auto& [id, post] : posts) order.insert({-post.change, -id});
    std::vector<int64_t> ids;
    for (const auto& [change, id] : order) ids.push_back(-id);
    return ids;
  }

  std::map<int64_t, BoardPost> posts;
  int64_t last_change = 0;
  int64_t change_step = 1;
  std::vector<std::string> change_requests;          // the URLs from the path on
  std::function<void()> on_change_request;           // once it is noted, before it is answered
  std::map<size_t, HttpResponse> change_answers;     // what the request of that number (from 1) gets instead
  int64_t changes_per_page_max = 1000;               // less than is asked for
  std::set<int64_t> hidden_changes;                  // posts that leave their places on pages of changes empty
  std::deque<absl::StatusOr<HttpResponse>> answers;  // for the next requests, before anything else
  std::map<int64_t, absl::StatusOr<HttpResponse>> broken_pages;  // by after_id
  std::vector<int64_t> requests;                                 // their after_ids
  std::function<void(int64_t after_id)> on_request;
  std::map<std::string, int> tag_types;   // what its list of tags tells
  std::vector<std::string> tag_requests;  // the URLs from the path on
  std::function<void()> on_tag_request;
  struct BoardRelation {
    std::string antecedent;
    std::string consequent;
    std::string status = "active";
  };
  std::map<int64_t, BoardRelation> aliases;  // by id
  std::map<int64_t, BoardRelation> implications;
  size_t relations_per_page = 2;
  std::vector<std::string> relation_requests;     // the URLs from the path on
  std::map<size_t, std::string> relation_bodies;  // what the request of that number (from 1) gets instead
  std::deque<HttpResponse> tag_answers;           // for the next requests of tags, before anything else
  std::vector<std::string> refused_tags;          // requests of tags with one of these in the URL are refused

 private:
  absl::StatusOr<HttpResponse> Changes(const std::string& url) {
    change_requests.push_back(url.substr(url.find('/', sizeof("https://") - 1)));
    if (on_change_request) on_change_request();
    if (const auto answer = change_answers.find(change_requests.size()); answer != change_answers.end()) {
      return answer->second;
    }
    std::vector<int64_t> ids = IdsByChange();
    const int64_t limit = std::min(changes_per_page_max, NumberBehind(url, "limit="));
    const bool is_by_index = absl::StrContains(url, "&pid=");
    const int64_t page = is_by_index ? NumberBehind(url, "&pid=") : NumberBehind(url, "&page=") - 1;
    if (const int64_t behind = NumberBehind(url, "change%3A%3E"); behind >= 0) {
      std::erase_if(ids, [&](int64_t id) { return posts.at(id).change <= behind; });
      std::reverse(ids.begin(), ids.end());
    }
    HttpResponse response{200, "", ""};
    for (int64_t i = page * limit; i < (page + 1) * limit && i < static_cast<int64_t>(ids.size()); ++i) {
      const int64_t id = ids[static_cast<size_t>(i)];
      if (!hidden_changes.contains(id)) absl::StrAppend(&response.body, Line(id, posts.at(id)), "\n");
    }
    if (response.body.empty()) response.body = kEmptyPage;
    return response;
  }

  absl::StatusOr<HttpResponse> Relations(const std::string& url, const std::string& wrapper,
                                         const std::map<int64_t, BoardRelation>& relations) {
    relation_requests.push_back(url.substr(url.find('/', sizeof("https://") - 1)));
    if (const auto body = relation_bodies.find(relation_requests.size()); body != relation_bodies.end()) {
      return HttpResponse{200, body->second, ""};
    }
    std::vector<std::string> records;
    auto relation = relations.upper_bound(NumberBehind(url, "page=a"));
    for (; relation != relations.end() && records.size() < relations_per_page; ++relation) {
      records.insert(records.begin(),
                     absl::StrCat(R"({"id":)", relation->first, R"(,"antecedent_name":")", relation->second.antecedent,
                                  R"(","consequent_name":")", relation->second.consequent, R"(","status":")",
                                  relation->second.status, R"(","reason":null})"));
    }
    std::string list;
    for (const std::string& record : records) absl::StrAppend(&list, list.empty() ? "" : ",", record);
    // As e621 does it.
    if (list.empty()) return HttpResponse{200, absl::StrCat(R"({")", wrapper, R"(":[]})"), ""};
    return HttpResponse{200, absl::StrCat("[", list, "]"), ""};
  }

  // As Moebooru lists them; a name matches those that hold it.
  absl::StatusOr<HttpResponse> Tags(const std::string& url) {
    tag_requests.push_back(url.substr(url.find('/', sizeof("https://") - 1)));
    if (on_tag_request) on_tag_request();
    for (const std::string& part : refused_tags) {
      if (absl::StrContains(url, part)) return HttpResponse{403, "", ""};
    }
    if (!tag_answers.empty()) {
      const HttpResponse answer = tag_answers.front();
      tag_answers.pop_front();
      return answer;
    }
    const size_t name_at = url.find("&name=");
    const std::string part = name_at == std::string::npos ? "" : url.substr(name_at + sizeof("&name=") - 1);
    const size_t names_at = url.find("&names=");
    const std::string names = names_at == std::string::npos ? "" : url.substr(names_at + sizeof("&names=") - 1);
    std::string list;
    for (const auto& [name, type] : tag_types) {
      const bool is_asked = names_at == std::string::npos ? absl::StrContains(name, part)
                                                          : absl::StrContains("+" + names + "+", "+" + name + "+");
      if (!is_asked) continue;
      absl::StrAppend(&list, list.empty() ? "" : ",", R"({"id":1,"name":")", name, R"(","count":3,"type":)", type,
                      R"(,"ambiguous":false})");
    }
    return HttpResponse{200, absl::StrCat("[", list, "]"), ""};
  }

  static int64_t NumberBehind(const std::string& url, const std::string& key) {
    const size_t key_at = url.find(key);
    if (key_at == std::string::npos) return -1;
    const size_t begin = key_at + key.size();
    int64_t number = 0;
    const bool is_number =
        absl::SimpleAtoi(url.substr(begin, url.find_first_not_of("0123456789", begin) - begin), &number);
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
    std::string changed;
    if (post.change != 0) {
      const int64_t second = 1'600'000'000 + post.change;
      changed = absl::StrCat(
          R"(,"change_seq":)", post.change, R"(,"change":)", second, R"(,"updated_at":")",
          absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixSeconds(second), absl::UTCTimeZone()), R"(")");
    }
    return absl::StrCat(R"({"id":")", id, R"(","md5":")", md5, R"(","rating":"s","score":")", post.score,
                        R"(","file_ext":"png","is_deleted":)", post.is_deleted ? "true" : "false", R"(,"tags":[)", tags,
                        "]", changed, "}");
  }
};

inline HttpResponse StatusAnswer(int status_code, const std::string& retry_after = "") {
  return {status_code, "", retry_after};
}

}  // namespace millrace
