#include "core/vocabulary/label_index.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/base/error.h"

namespace millrace {
namespace {

using Key = std::pair<absl::string_view, TagCategory>;

// Names are those of the vocabulary's entries.
class LabelLookup {
 public:
  explicit LabelLookup(const std::vector<VocabularyEntry>& entries) {
    label_by_key_.reserve(entries.size());
    for (size_t label = 0; label < entries.size(); ++label) {
      label_by_key_.emplace(Key(entries[label].name, entries[label].category), static_cast<int32_t>(label));
      has_any_category_ = has_any_category_ || entries[label].category == TagCategory::kUnspecified;
    }
  }

  int32_t LabelOf(const TagView& tag) const {
    const absl::string_view name(tag.name.data(), tag.name.size());
    auto found = label_by_key_.find(Key(name, tag.category));
    if (found == label_by_key_.end() && has_any_category_) {
      found = label_by_key_.find(Key(name, TagCategory::kUnspecified));
    }
    return found == label_by_key_.end() ? LabelIndex::kNoLabel : found->second;
  }

 private:
  absl::flat_hash_map<Key, int32_t> label_by_key_;
  bool has_any_category_ = false;
};

}  // namespace

absl::StatusOr<LabelIndex> LabelIndex::Create(const Snapshot& snapshot, const Vocabulary& vocabulary) {
  // Every tag is looked up among the labels, rather than every label among the tags by their order: for 10,000 labels
  // and 400,000 tags that is 16 ms to 19, for 100,000 labels 40 to 226.
  const LabelLookup lookup(vocabulary.entries());
  std::vector<int32_t> labels(static_cast<size_t>(snapshot.tag_count()), kNoLabel);
  for (size_t i = 0; i < labels.size(); ++i) {
    MILLRACE_ASSIGN_OR_RETURN(const TagView tag, snapshot.TagAt(static_cast<uint32_t>(i)));
    labels[i] = lookup.LabelOf(tag);
  }
  return LabelIndex(std::move(labels), vocabulary.label_count(), vocabulary.digest());
}

LabelIndex::LabelIndex(std::vector<int32_t> labels, int64_t label_count, std::string vocabulary_digest)
    : labels_(std::move(labels)), label_count_(label_count), vocabulary_digest_(std::move(vocabulary_digest)) {
  std::vector<bool> is_taken(static_cast<size_t>(label_count));
  for (const int32_t label : labels_) {
    if (label == kNoLabel) continue;
    shares_labels_ = shares_labels_ || is_taken[static_cast<size_t>(label)];
    is_taken[static_cast<size_t>(label)] = true;
  }
}

size_t LabelIndex::memory_bytes() const {
  return sizeof(*this) + labels_.capacity() * sizeof(int32_t) + vocabulary_digest_.capacity();
}

}  // namespace millrace
