#include "tests/core/query/random_query.h"

#include "core/base/text.h"

namespace millrace::testing {
namespace {

class Maker {
 public:
  Maker(std::mt19937& random, const Content& content) : random_(random), content_(content) {}

  std::string Sequence(int depth) {
    std::string text;
    for (int64_t i = Below(4); i > 0; --i) text += (text.empty() ? "" : Below(6) == 0 ? " and " : " ") + Factor(depth);
    return text;
  }

 private:
  int64_t Below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }
  template <typename List>
  auto OneOf(const List& list) {
    return list[static_cast<size_t>(Below(static_cast<int64_t>(std::size(list))))];
  }

  std::string Factor(int depth) {
    const std::string sign = std::string(Below(5) == 0 ? "~" : "") + (Below(3) == 0 ? "-" : "");
    if (depth == 0 || Below(4) != 0) return sign + Term();
    std::string group;
    for (int64_t i = 1 + Below(3); i > 0; --i) {
      std::string sequence = Sequence(depth - 1);
      if (sequence.empty()) sequence = Term();
      group += (group.empty() ? "" : " or ") + sequence;
    }
    return sign + "(" + group + ")";
  }

  std::string Range(int64_t smallest, int64_t largest) {
    int64_t a = smallest + Below(largest - smallest + 1);
    int64_t b = smallest + Below(largest - smallest + 1);
    if (a > b) std::swap(a, b);
    const std::string x = std::to_string(a);
    const std::string y = std::to_string(b + 1);
    const std::string ranges[] = {
        x,        ">" + x,     ">=" + x,           "<" + x, "<=" + x, x + ".." + y, x + "..." + y, x + "..",
        ".." + x, x + "," + y, x + "," + y + "..", "any",   "none"};
    return OneOf(ranges);
  }

  std::string Date() {
    static const std::string kDates[] = {"1970-01-01", "1971", "1980-02", "1975-12-31", "1977", "1990"};
    const std::string date = OneOf(kDates);
    const std::string forms[] = {date,        ">" + date,      "<" + date,       date + "..",
                                 ".." + date, "1960.." + date, "1960..." + date, "any"};
    return OneOf(forms);
  }

  std::string Tag() {
    // Common ones: the first tags are on more posts.
    std::string name =
        content_.tags[static_cast<size_t>(Below(1 + Below(static_cast<int64_t>(content_.tags.size()))))].name;
    if (!content_.facts.aliases.empty() && Below(5) == 0) name = OneOf(content_.facts.aliases).antecedent;
    if (!content_.facts.implications.empty() && Below(9) == 0) name = OneOf(content_.facts.implications).consequent;
    switch (Below(8)) {
      case 0:
        return "\"" + name + "\"";
      case 1:
        return name.substr(0, 2) + "*";
      case 2:
        return "*" + name.substr(name.size() - 1);
      case 3:
        return name.substr(0, 1) + "*" + name.substr(name.size() - 1);
      default:
        return name;
    }
  }

  std::string Term() {
    if (Below(2) == 0 && !content_.tags.empty()) return Tag();
    const Post& post = OneOf(content_.posts);
    const int64_t last_id = content_.posts.back().id;
    switch (Below(19)) {
      case 0: {
        static const char* const kRatings[] = {"g",           "s",       "q",   "e",      "safe", "sensitive",
                                               "unspecified", "general", "g,e", "q,safe", "any",  "none"};
        return std::string("rating:") + OneOf(kRatings);
      }
      case 1:
        return "id:" + Range(0, last_id);
      case 2:
        return "score:" + Range(-600, 600);
      case 3:
        return (Below(2) == 0 ? "width:" : "height:") + Range(-3000, 3000);
      case 4:
        return "md5:" + (post.md5.has_value() ? HexEncode(*post.md5) : std::string("none"));
      case 5: {
        static const char* const kRatios[] = {"1:1",       "16:9", ">1.5", "0.5..1",    "<2:3",
                                              "1.78,0.56", "any",  "none", "4:3...16:9"};
        return std::string("ratio:") + OneOf(kRatios);
      }
      case 6: {
        static const char* const kMpixels[] = {"1", ">2.5", "0.25..1", "<0.1", "any", "none", "1,2,3"};
        return std::string("mpixels:") + OneOf(kMpixels);
      }
      case 7: {
        static const char* const kSizes[] = {"100g", ">1m", "<200GB", "0..300g", "..5kb", "1.5g..", "any", "none"};
        return std::string("filesize:") + OneOf(kSizes);
      }
      case 8: {
        static const char* const kTypes[] = {"filetype:jpg", "ext:png,gif", "type:webm", "filetype:any",
                                             "filetype:none"};
        return OneOf(kTypes);
      }
      case 9:
        return "date:" + Date();
      case 10: {
        static const char* const kAges[] = {"<100y", ">3y", "1y..9y", "5000y", "<2w", "any", "none"};
        return std::string("age:") + OneOf(kAges);
      }
      case 11: {
        static const char* const kSources[] = {"any", "none", "s", "SSSSSSSSSSSSSSSSSSSS", "*sss*s", "\"ss\"", "s*s*x"};
        return std::string("source:") + OneOf(kSources);
      }
      case 12: {
        static const char* const kIds[] = {"pixiv:", "user:", "approver:"};
        return OneOf(kIds) + Range(-500'000, 500'000);
      }
      case 13:
        return "parent:" + Range(-last_id / 2, last_id);
      case 14:
        return "child:" + Range(0, last_id);
      case 15:
        return Below(3) == 0 ? "pool:series" : "pool:" + Range(0, 100);
      case 16:
        return "tagcount:" + Range(0, 20);
      case 17: {
        static const char* const kCounts[] = {"gentags:", "arttags:", "chartags:", "copytags:", "metatags:"};
        return OneOf(kCounts) + Range(0, 4);
      }
      default: {
        static const char* const kWords[] = {"status:deleted", "status:active",   "status:banned,pending",
                                             "status:any",     "status:modqueue", "is:parent",
                                             "is:child",       "is:sfw",          "is:nsfw",
                                             "is:deleted",     "is:general",      "has:source",
                                             "has:children",   "has:pools",       "has:md5",
                                             "has:score"};
        return OneOf(kWords);
      }
    }
  }

  std::mt19937& random_;
  const Content& content_;
};

}  // namespace

std::string RandomQuery(std::mt19937& random, const Content& content, int depth) {
  return Maker(random, content).Sequence(depth);
}

}  // namespace millrace::testing
