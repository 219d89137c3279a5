#include "core/catalog/catalog.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/catalog/connections.h"
#include "core/catalog/dataset_rows.h"
#include "core/catalog/import_begin.h"
#include "core/catalog/import_rows.h"
#include "core/catalog/import_session_impl.h"
#include "core/catalog/live_imports.h"
#include "core/catalog/plan_rows.h"
#include "core/catalog/pool_rows.h"
#include "core/catalog/post_rows.h"
#include "core/catalog/refresh_rows.h"
#include "core/catalog/relation_rows.h"
#include "core/catalog/snapshot_rows.h"
#include "core/catalog/source_store.h"
#include "core/catalog/sweep.h"
#include "core/catalog/tag_facts_rows.h"
#include "core/catalog/tag_rows.h"
#include "core/catalog/vocabulary_rows.h"

namespace millrace {
namespace {

// A post may hold 16 MB and a page a thousand of them: what a listing holds at once ends behind this.
constexpr size_t kListedSizeBytesMax = 4 << 20;

int64_t SystemNowUs() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
}

// Sets what only the list of tags knows.
absl::Status FlagDeprecated(Database& database, int64_t dataset_id, absl::Span<Tag> tags) {
  for (Tag& tag : tags) {
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<TagFact> fact, ReadTagFact(database, dataset_id, tag.name));
    tag.is_deprecated = fact.has_value() && fact->is_deprecated.value_or(false);
  }
  return absl::OkStatus();
}

PostView ViewOf(const DatasetRow& dataset) { return {dataset.id, *dataset.committed_import_id}; }

}  // namespace

class Catalog::Impl {
 public:
  std::unique_ptr<Connections> connections;
  LiveImports live_imports;
  std::function<int64_t()> now_us;
  std::unique_ptr<SourceStore> sources;

  // What `read` gives in a read transaction.
  template <typename T>
  absl::StatusOr<T> Read(const std::function<absl::StatusOr<T>(Database&)>& read) {
    absl::StatusOr<T> result = T();
    const absl::Status status = connections->Read([&](Database& database) {
      result = read(database);
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }

  // What `read` gives for the dataset in a read transaction, or kDatasetNotFound.
  template <typename T>
  absl::StatusOr<T> ReadDataset(std::string_view name,
                                const std::function<absl::StatusOr<T>(Database&, const DatasetRow&)>& read) {
    return Read<T>([&](Database& database) -> absl::StatusOr<T> {
      MILLRACE_ASSIGN_OR_RETURN(const DatasetRow dataset, FindDataset(database, name));
      return read(database, dataset);
    });
  }

  // What `write` gives in a write transaction, once that is committed.
  template <typename T>
  absl::StatusOr<T> Write(const std::function<absl::StatusOr<T>(Database&)>& write) {
    absl::StatusOr<T> result = T();
    const absl::Status status = connections->Write([&](Database& database) {
      result = write(database);
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }
};

Catalog::Catalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalog::~Catalog() = default;

absl::StatusOr<std::unique_ptr<Catalog>> Catalog::Open(const CatalogOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->now_us = options.now_us ? options.now_us : SystemNowUs;
  MILLRACE_ASSIGN_OR_RETURN(impl->connections,
                            Connections::Open(options.path, options.cache_size_bytes, options.disk_headroom_bytes));
  impl->sources = std::make_unique<SourceStore>(impl->connections.get(), &impl->live_imports, impl->now_us);
  const absl::Status marked = impl->connections->Write([&](Database& database) -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(FailDeadImports(database, impl->live_imports));
    return StopDeadRuns(database, impl->now_us());
  });
  // On a full disk what is there can be read all the same. The next import marks them.
  if (!marked.ok() && ReasonOf(marked) != Reason::kDiskFull) return marked;
  return std::unique_ptr<Catalog>(new Catalog(std::move(impl)));
}

absl::Status Catalog::Sweep(const std::function<bool()>& cancelled) {
  return SweepImports(*impl_->connections, std::nullopt, cancelled);
}

absl::StatusOr<std::vector<DatasetInfo>> Catalog::ListDatasets(std::string_view after, int64_t limit) {
  return impl_->Read<std::vector<DatasetInfo>>(
      [&](Database& database) { return ReadDatasetInfos(database, after, limit); });
}

absl::StatusOr<DatasetInfo> Catalog::GetDataset(std::string_view dataset) {
  return impl_->ReadDataset<DatasetInfo>(dataset, ReadDatasetInfo);
}

absl::StatusOr<Stats> Catalog::GetStats(std::string_view dataset) {
  return impl_->ReadDataset<Stats>(dataset, ReadStats);
}

absl::StatusOr<std::optional<Tag>> Catalog::FindTag(std::string_view dataset, int64_t tag_id) {
  return impl_->ReadDataset<std::optional<Tag>>(
      dataset, [&](Database& database, const DatasetRow& row) -> absl::StatusOr<std::optional<Tag>> {
        MILLRACE_ASSIGN_OR_RETURN(std::optional<Tag> tag, ReadTag(database, row.id, tag_id));
        if (tag.has_value()) MILLRACE_RETURN_IF_ERROR(FlagDeprecated(database, row.id, absl::MakeSpan(&*tag, 1)));
        return tag;
      });
}

absl::StatusOr<std::vector<Tag>> Catalog::FindTagsByName(std::string_view dataset, std::string_view name,
                                                         int64_t limit) {
  using Tags = std::vector<Tag>;
  return impl_->ReadDataset<Tags>(dataset, [&](Database& database, const DatasetRow& row) -> absl::StatusOr<Tags> {
    MILLRACE_ASSIGN_OR_RETURN(Tags tags, ReadTagsByName(database, row.id, name, limit));
    MILLRACE_RETURN_IF_ERROR(FlagDeprecated(database, row.id, absl::MakeSpan(tags)));
    return tags;
  });
}

absl::StatusOr<TagPage> Catalog::ListTags(std::string_view dataset, const TagQuery& query) {
  return impl_->ReadDataset<TagPage>(
      dataset, [&](Database& database, const DatasetRow& row) -> absl::StatusOr<TagPage> {
        MILLRACE_ASSIGN_OR_RETURN(TagPage page, ReadTagPage(database, row.id, query));
        MILLRACE_RETURN_IF_ERROR(FlagDeprecated(database, row.id, absl::MakeSpan(page.tags)));
        return page;
      });
}

absl::StatusOr<std::vector<Tag>> Catalog::GetTags(std::string_view dataset, absl::Span<const int64_t> tag_ids) {
  using Tags = std::vector<Tag>;
  return impl_->ReadDataset<Tags>(dataset, [&](Database& database, const DatasetRow& row) -> absl::StatusOr<Tags> {
    Tags tags;
    tags.reserve(tag_ids.size());
    for (const int64_t tag_id : tag_ids) {
      MILLRACE_ASSIGN_OR_RETURN(std::optional<Tag> tag, ReadTag(database, row.id, tag_id));
      tags.push_back(tag.has_value() ? *std::move(tag) : Tag{tag_id, "", TagCategory::kUnspecified, 0});
    }
    return tags;
  });
}

absl::StatusOr<std::optional<Post>> Catalog::FindPost(std::string_view dataset, int64_t post_id) {
  return impl_->ReadDataset<std::optional<Post>>(
      dataset, [&](Database& database, const DatasetRow& row) { return ReadPost(database, ViewOf(row), post_id); });
}

absl::StatusOr<std::optional<Post>> Catalog::FindPostByMd5(std::string_view dataset, const Md5& md5) {
  return impl_->ReadDataset<std::optional<Post>>(
      dataset, [&](Database& database, const DatasetRow& row) { return ReadPostByMd5(database, ViewOf(row), md5); });
}

absl::StatusOr<std::vector<Post>> Catalog::ListPosts(std::string_view dataset, int64_t after_id, int64_t limit) {
  using Posts = std::vector<Post>;
  return impl_->ReadDataset<Posts>(dataset, [&](Database& database, const DatasetRow& row) -> absl::StatusOr<Posts> {
    Posts posts;
    size_t size_bytes = 0;
    if (limit <= 0) return posts;
    MILLRACE_RETURN_IF_ERROR(VisitPosts(database, ViewOf(row), after_id, [&](const Post& post) {
      posts.push_back(post);
      size_bytes += post.extra_json.size() + post.source.size() +
                    8 * (post.tag_ids.size() + post.favorite_user_ids.size()) + sizeof(Pool) * post.pools.size();
      return static_cast<int64_t>(posts.size()) < limit && size_bytes <= kListedSizeBytesMax;
    }));
    return posts;
  });
}

absl::StatusOr<std::vector<TagRelation>> Catalog::ListTagRelations(std::string_view dataset,
                                                                   const std::optional<TagRelationCursor>& after,
                                                                   int64_t limit) {
  return impl_->ReadDataset<std::vector<TagRelation>>(dataset, [&](Database& database, const DatasetRow& row) {
    return ReadRelations(database, row.id, after, limit);
  });
}

absl::StatusOr<std::vector<PoolFact>> Catalog::ListPools(std::string_view dataset, int64_t after_id, int64_t limit) {
  return impl_->ReadDataset<std::vector<PoolFact>>(
      dataset, [&](Database& database, const DatasetRow& row) { return ReadPools(database, row.id, after_id, limit); });
}

absl::StatusOr<std::vector<ArtistFact>> Catalog::ListArtists(std::string_view dataset,
                                                             const std::optional<ArtistCursor>& after, int64_t limit) {
  return impl_->ReadDataset<std::vector<ArtistFact>>(
      dataset, [&](Database& database, const DatasetRow& row) { return ReadArtists(database, row.id, after, limit); });
}

absl::StatusOr<std::vector<TagFact>> Catalog::ListTagFacts(std::string_view dataset, std::string_view prefix,
                                                           std::string_view after, int64_t limit) {
  return impl_->ReadDataset<std::vector<TagFact>>(dataset, [&](Database& database, const DatasetRow& row) {
    return ReadTagFacts(database, row.id, prefix, after, limit);
  });
}

absl::StatusOr<std::optional<TagFact>> Catalog::FindTagFact(std::string_view dataset, std::string_view name) {
  return impl_->ReadDataset<std::optional<TagFact>>(
      dataset, [&](Database& database, const DatasetRow& row) { return ReadTagFact(database, row.id, name); });
}

absl::Status Catalog::ScanDataset(std::string_view dataset, const Scan& scan) {
  return impl_->connections->Read([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const DatasetRow row, FindDataset(database, dataset));
    MILLRACE_ASSIGN_OR_RETURN(std::vector<Tag> tags, ReadAllTags(database, row.id));
    MILLRACE_RETURN_IF_ERROR(scan.tags(std::move(tags), row.post_count));
    if (scan.facts) {
      DatasetFacts facts;
      MILLRACE_ASSIGN_OR_RETURN(facts.aliases, ReadActiveRelations(database, row.id, TagRelationKind::kAlias));
      MILLRACE_ASSIGN_OR_RETURN(facts.implications,
                                ReadActiveRelations(database, row.id, TagRelationKind::kImplication));
      MILLRACE_ASSIGN_OR_RETURN(facts.deprecated_tag_names, ReadDeprecatedTagNames(database, row.id));
      MILLRACE_RETURN_IF_ERROR(scan.facts(std::move(facts)));
    }
    return VisitPosts(database, ViewOf(row), std::nullopt, [&](const Post& post) -> absl::StatusOr<bool> {
      MILLRACE_RETURN_IF_ERROR(scan.post(post));
      return true;
    });
  });
}

absl::StatusOr<BegunImport> Catalog::BeginImport(const ImportSpec& spec) {
  MILLRACE_ASSIGN_OR_RETURN(BegunRecord begun,
                            BeginImportRecord(*impl_->connections, impl_->live_imports, spec, impl_->now_us()));
  if (begun.earlier_outcome.has_value()) return BegunImport(*std::move(begun.earlier_outcome));
  absl::StatusOr<std::unique_ptr<ImportSession::Impl>> session =
      ImportSession::Impl::Create(*impl_->connections, impl_->live_imports, begun, impl_->now_us);
  if (!session.ok()) {
    // Not live any more, the record is found dead by the next import or start.
    impl_->live_imports.Remove(begun.dataset.id);
    return session.status();
  }
  return BegunImport(std::unique_ptr<ImportSession>(new ImportSession(*std::move(session))));
}

absl::StatusOr<std::vector<ImportRecord>> Catalog::ListImports(std::string_view dataset,
                                                               std::optional<TimeCursor> after, int64_t limit) {
  using Records = std::vector<ImportRecord>;
  return impl_->Read<Records>([&](Database& database) -> absl::StatusOr<Records> {
    if (dataset.empty()) return ReadImports(database, std::nullopt, after, limit);
    // Also of a dataset that is not to be seen because no import into it was ever committed: these say why.
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<DatasetRow> row, millrace::ReadDataset(database, dataset));
    if (!row.has_value()) return DatasetNotFoundError(dataset);
    return ReadImports(database, row->id, after, limit);
  });
}

absl::StatusOr<std::optional<ImportRecord>> Catalog::FindNewestCommittedImport(std::string_view dataset) {
  return impl_->ReadDataset<std::optional<ImportRecord>>(dataset, [&](Database& database, const DatasetRow& row) {
    return ReadImport(database, *row.committed_import_id);
  });
}

absl::Status Catalog::SetImportSnapshot(std::string_view import_id, std::string_view digest) {
  return impl_->connections->Write([&](Database& database) -> absl::Status {
    const std::optional<int64_t> id = ParseImportId(import_id);
    bool is_found = false;
    if (id.has_value()) {
      MILLRACE_ASSIGN_OR_RETURN(is_found, SetSnapshotOfImport(database, *id, digest));
    }
    return is_found ? absl::OkStatus()
                    : MakeError(Reason::kInternal, absl::StrCat("there is no import ", QuoteForMessage(import_id)));
  });
}

absl::StatusOr<bool> Catalog::AddSnapshot(const SnapshotRecord& record) {
  return impl_->Write<bool>([&](Database& database) -> absl::StatusOr<bool> {
    MILLRACE_ASSIGN_OR_RETURN(const DatasetRow dataset, FindDataset(database, record.dataset));
    return AddSnapshotRow(database, dataset.id, record);
  });
}

absl::StatusOr<SnapshotRecord> Catalog::GetSnapshot(std::string_view digest_or_prefix) {
  return impl_->Read<SnapshotRecord>([&](Database& database) { return ReadSnapshot(database, digest_or_prefix); });
}

absl::StatusOr<std::vector<SnapshotRecord>> Catalog::ListSnapshots(std::string_view dataset,
                                                                   std::optional<TimeCursor> after, int64_t limit) {
  using Records = std::vector<SnapshotRecord>;
  return impl_->Read<Records>([&](Database& database) -> absl::StatusOr<Records> {
    if (dataset.empty()) return ReadSnapshots(database, std::nullopt, after, limit);
    MILLRACE_ASSIGN_OR_RETURN(const DatasetRow row, FindDataset(database, dataset));
    return ReadSnapshots(database, row.id, after, limit);
  });
}

absl::Status Catalog::DeleteSnapshot(std::string_view digest) {
  return impl_->connections->Write([&](Database& database) { return DeleteSnapshotRow(database, digest); });
}

absl::StatusOr<bool> Catalog::AddPlan(const PlanRecord& record) {
  return impl_->Write<bool>([&](Database& database) { return AddPlanRow(database, record); });
}

absl::StatusOr<PlanRecord> Catalog::GetPlan(std::string_view id_or_prefix) {
  return impl_->Read<PlanRecord>([&](Database& database) { return ReadPlan(database, id_or_prefix); });
}

absl::StatusOr<std::vector<PlanRecord>> Catalog::ListPlans(std::string_view snapshot, std::optional<TimeCursor> after,
                                                           int64_t limit) {
  return impl_->Read<std::vector<PlanRecord>>(
      [&](Database& database) { return ReadPlans(database, snapshot, after, limit); });
}

absl::Status Catalog::DeletePlan(std::string_view id) {
  return impl_->connections->Write([&](Database& database) { return DeletePlanRow(database, id); });
}

absl::StatusOr<AddedVocabulary> Catalog::AddVocabulary(const VocabularyRecord& record, std::string_view entries) {
  return impl_->Write<AddedVocabulary>([&](Database& database) { return AddVocabularyRow(database, record, entries); });
}

absl::StatusOr<VocabularyRecord> Catalog::GetVocabulary(std::string_view reference) {
  return impl_->Read<VocabularyRecord>([&](Database& database) { return ReadVocabulary(database, reference); });
}

absl::StatusOr<StoredVocabulary> Catalog::GetVocabularyEntries(std::string_view reference) {
  return impl_->Read<StoredVocabulary>([&](Database& database) { return ReadVocabularyEntries(database, reference); });
}

absl::StatusOr<std::vector<VocabularyRecord>> Catalog::ListVocabularies(std::string_view name,
                                                                        const std::optional<VocabularyCursor>& after,
                                                                        int64_t limit) {
  return impl_->Read<std::vector<VocabularyRecord>>(
      [&](Database& database) { return ReadVocabularies(database, name, after, limit); });
}

absl::StatusOr<VocabularyRecord> Catalog::DeleteVocabulary(std::string_view reference) {
  return impl_->Write<VocabularyRecord>([&](Database& database) { return DeleteVocabularyRow(database, reference); });
}

SourceStore& Catalog::sources() { return *impl_->sources; }

}  // namespace millrace
