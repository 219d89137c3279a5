#include "bench/synthetic.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace millrace::bench {

// SplitMix64 (Steele, Lea, Flood 2014): a stream of well-mixed numbers from any starting state.
class SyntheticDump::Random {
 public:
  explicit Random(uint64_t state) : state_(state) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>((static_cast<unsigned __int128>(Next()) * static_cast<uint64_t>(bound)) >> 64);
  }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  // Standard normal by the sum of twelve uniforms: close enough, and the same on every machine.
  double Normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += Unit();
    return sum;
  }

 private:
  uint64_t state_;
};

namespace {

constexpr double kTagsPerPost = 29.2;
constexpr int32_t kTagsPerPostMax = 1250;
// Log-normal with mode 26 and mean 29.2, before rare posts with very many tags.
constexpr double kSigma = 0.275;

// The share of the posts that carries the tag of this rank (1-based), before scaling.
double ShareOfRank(double rank) {
  constexpr double kPosts = 4.9e6;
  constexpr std::array<std::pair<double, double>, 5> kKnown = {
      {{1, 3458813}, {10, 1070363}, {100, 236857}, {1000, 16205}, {5000, 1455}}};
  size_t i = 0;
  while (i + 2 < kKnown.size() && rank > kKnown[i + 1].first) ++i;
  const auto [rank_a, count_a] = kKnown[i];
  const auto [rank_b, count_b] = kKnown[i + 1];
  const double slope = std::log(count_b / count_a) / std::log(rank_b / rank_a);
  return count_a * std::pow(rank / rank_a, slope) / kPosts;
}

// Scales the shares to kTagsPerPost, none above 0.9.
std::vector<double> Shares(int32_t tag_count) {
  std::vector<double> shares(static_cast<size_t>(tag_count));
  for (size_t i = 0; i < shares.size(); ++i) shares[i] = ShareOfRank(static_cast<double>(i + 1));
  for (int pass = 0; pass < 20; ++pass) {
    double sum = 0;
    for (const double share : shares) sum += share;
    for (double& share : shares) share = std::min(0.9, share * kTagsPerPost / sum);
  }
  return shares;
}

std::string TagName(int32_t rank) {
  constexpr std::array<const char*, 16> kSyllables = {"ka", "ri", "no",  "sa", "mi", "to", "hu",  "ren",
                                                      "lo", "ve", "shi", "ar", "en", "ou", "gra", "tel"};
  std::string name;
  for (uint32_t rest = static_cast<uint32_t>(rank) + 16; rest > 0; rest >>= 4) name += kSyllables[rest & 15];
  return name;
}

}  // namespace

SyntheticDump::SyntheticDump(uint64_t seed, int32_t tag_count) : seed_(seed) {
  // A tag with intensity -ln(1 - share) in a Poisson number of draws is on `share` of the posts.
  std::vector<double> weights = Shares(tag_count);
  for (double& weight : weights) {
    weight = -std::log1p(-weight);
    draws_per_post_ += weight;
  }
  const size_t n = weights.size();
  threshold_.assign(n, UINT32_MAX);
  alias_.resize(n);
  std::vector<int32_t> small, large;
  for (size_t i = 0; i < n; ++i) {
    weights[i] *= static_cast<double>(n) / draws_per_post_;
    alias_[i] = static_cast<int32_t>(i);
    (weights[i] < 1 ? small : large).push_back(static_cast<int32_t>(i));
  }
  while (!small.empty() && !large.empty()) {
    const int32_t s = small.back();
    const int32_t l = large.back();
    small.pop_back();
    threshold_[static_cast<size_t>(s)] = static_cast<uint32_t>(weights[static_cast<size_t>(s)] * 4294967295.0);
    alias_[static_cast<size_t>(s)] = l;
    weights[static_cast<size_t>(l)] -= 1 - weights[static_cast<size_t>(s)];
    if (weights[static_cast<size_t>(l)] < 1) {
      large.pop_back();
      small.push_back(l);
    }
  }
  Random random(seed ^ 0x7461677321);
  tag_json_.reserve(n);
  tag_names_.reserve(n);
  for (int32_t rank = 0; rank < tag_count; ++rank) {
    // Danbooru's categories; artists and characters are many and rare, general tags few and common.
    constexpr std::array<int, 10> kCategories = {0, 0, 0, 0, 1, 1, 1, 4, 4, 3};
    const int category = rank < 2000 ? (rank % 50 == 7 ? 5 : 0) : kCategories[static_cast<size_t>(random.Below(10))];
    tag_names_.push_back(TagName(rank));
    tag_json_.push_back(
        absl::StrFormat(R"({"id":"%d","name":"%s","category":"%d"})", rank + 1, tag_names_.back(), category));
  }
}

int32_t SyntheticDump::DrawRank(uint64_t random) const {
  const uint64_t column = (static_cast<unsigned __int128>(random) * threshold_.size()) >> 64;
  const uint32_t coin = static_cast<uint32_t>(random);
  return coin <= threshold_[column] ? static_cast<int32_t>(column) : alias_[column];
}

SyntheticDump::Random SyntheticDump::RandomOf(int64_t index) const {
  Random random(seed_ + static_cast<uint64_t>(index) * 0xD1342543DE82EF95u);
  random.Next();
  return random;
}

void SyntheticDump::DrawTags(Random* random) {
  const bool has_many = random->Below(100'000) == 0;
  const double draws = has_many ? static_cast<double>(200 + random->Below(1400))
                                : draws_per_post_ * std::exp(kSigma * random->Normal() - kSigma * kSigma / 2);
  ranks_.clear();
  for (int64_t i = 0; i < std::llround(draws); ++i) ranks_.push_back(DrawRank(random->Next()));
  std::sort(ranks_.begin(), ranks_.end());
  ranks_.erase(std::unique(ranks_.begin(), ranks_.end()), ranks_.end());
  if (ranks_.size() > kTagsPerPostMax) ranks_.resize(kTagsPerPostMax);
  tag_use_count_ += static_cast<int64_t>(ranks_.size());
}

void SyntheticDump::AppendLine(int64_t index, std::string* out) {
  Random random = RandomOf(index);
  DrawTags(&random);

  constexpr std::array<char, 16> kRatings = {'s', 's', 's', 's', 's', 's', 's', 's',
                                             's', 's', 's', 's', 'q', 'q', 'q', 'e'};
  constexpr std::array<const char*, 8> kExtensions = {"jpg", "jpg", "jpg", "jpg", "jpg", "png", "png", "gif"};
  // Drawn one a statement: the order of evaluation within a call is the compiler's to choose.
  const int64_t id = index + 1;
  const int64_t year = 2005 + std::min<int64_t>(14, index / 265'000);
  const int64_t month = 1 + random.Below(12);
  const int64_t day = 1 + random.Below(28);
  const int64_t second_of_day = random.Below(86'400);
  const int64_t uploader = 1 + random.Below(500'000);
  const int64_t up = random.Below(40);
  const int64_t down = random.Below(4);
  const int64_t folder = random.Below(1'000'000);
  const int64_t pixiv = random.Below(2) == 0 ? 0 : 1 + random.Below(90'000'000);
  const uint64_t md5_high = random.Next();
  const uint64_t md5_low = random.Next();
  const char rating = kRatings[static_cast<size_t>(random.Below(16))];
  const int64_t width = 200 + random.Below(3000);
  const int64_t height = 200 + random.Below(3000);
  const char* const extension = kExtensions[static_cast<size_t>(random.Below(8))];
  const int64_t parent = id > 1 && random.Below(20) == 0 ? 1 + random.Below(id - 1) : 0;
  const int64_t approver = random.Below(3) == 0 ? 1 + random.Below(5000) : 0;
  const int64_t file_size = 20'000 + random.Below(4'000'000);
  const bool is_deleted = random.Below(50) == 0;
  absl::StrAppendFormat(
      out,
      R"({"id":"%d","created_at":"%d-%02d-%02d %02d:%02d:%02d.00000 UTC","uploader_id":"%d","score":"%d",)"
      R"("source":"https://pictures.example/%d/img/%d_p0.jpg","md5":"%016x%016x",)"
      R"("last_commented_at":"1970-01-01 00:00:00 UTC","rating":"%c","image_width":"%d","image_height":"%d",)"
      R"("is_note_locked":false,"file_ext":"%s","last_noted_at":"1970-01-01 00:00:00 UTC","is_rating_locked":false,)"
      R"("parent_id":"%d","has_children":false,"approver_id":"%d","file_size":"%d","is_status_locked":false,)"
      R"("up_score":"%d","down_score":"%d","is_pending":false,"is_flagged":false,"is_deleted":%s,)"
      R"("updated_at":"2019-%02d-%02d 10:20:30 UTC","is_banned":false,"pixiv_id":"%d","tags":[)",
      id, year, month, day, second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60, uploader, up - down,
      folder, pixiv, md5_high, md5_low, rating, width, height, extension, parent, approver, file_size, up, down,
      is_deleted ? "true" : "false", month, day, pixiv);
  bool is_first = true;
  for (const int32_t rank : ranks_) {
    if (!is_first) out->push_back(',');
    is_first = false;
    out->append(tag_json_[static_cast<size_t>(rank)]);
  }
  out->append("],\"pools\":[");
  if (random.Below(25) == 0) absl::StrAppendFormat(out, R"("%d","%s")", 1 + random.Below(15'000), "series");
  out->append("],\"favs\":[");
  for (int64_t i = random.Below(6); i > 0; --i)
    absl::StrAppendFormat(out, R"("%d"%s)", 1 + random.Below(600'000), i > 1 ? "," : "");
  out->append("]}\n");
}

std::string SyntheticDump::CsvHeader() {
  return "id,uploader_id,created_at,md5,source,rating,image_width,image_height,tag_string,locked_tags,fav_count,file_"
         "ext,"
         "parent_id,change_seq,approver_id,file_size,comment_count,description,duration,updated_at,is_deleted,is_"
         "pending,"
         "is_flagged,score,up_score,down_score,is_rating_locked,is_status_locked,is_note_locked,bg_color\n";
}

void SyntheticDump::AppendCsvRow(int64_t index, std::string* out) {
  Random random = RandomOf(index);
  DrawTags(&random);
  const int64_t id = index + 1;
  const int64_t second_of_day = random.Below(86'400);
  const uint64_t md5_high = random.Next();
  const uint64_t md5_low = random.Next();
  const int64_t up = random.Below(40);
  const int64_t down = random.Below(4);
  const int64_t source = random.Below(90'000'000);
  const int64_t width = 200 + random.Below(3000);
  const int64_t height = 200 + random.Below(3000);
  absl::StrAppendFormat(
      out, "%d,%d,2016-%02d-%02d %02d:%02d:%02d.000000,%016x%016x,https://pictures.example/img/%d.png,%c,%d,%d,", id,
      1 + random.Below(500'000), 1 + random.Below(12), 1 + random.Below(28), second_of_day / 3600,
      second_of_day / 60 % 60, second_of_day % 60, md5_high, md5_low, source, random.Below(4) == 0 ? 'q' : 's', width,
      height);
  bool is_first = true;
  for (const int32_t rank : ranks_) {
    if (!is_first) out->push_back(' ');
    is_first = false;
    out->append(tag_names_[static_cast<size_t>(rank)]);
  }
  const std::string parent = id > 1 && random.Below(20) == 0 ? absl::StrCat(1 + random.Below(id - 1)) : "";
  absl::StrAppendFormat(out,
                        ",,%d,png,%s,%d,,%d,%d,\"A picture, number %d.\",,2019-06-05 10:20:30,f,f,f,%d,%d,%d,f,f,f,\n",
                        random.Below(500), parent, 1'000'000 + id, 20'000 + random.Below(4'000'000), random.Below(9),
                        id, up - down, up, -down);
}

}  // namespace millrace::bench
