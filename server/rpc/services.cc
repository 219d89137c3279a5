#include "server/rpc/services.h"

#include "server/rpc/catalog_service.h"
#include "server/rpc/import_service.h"
#include "server/rpc/label_cache.h"
#include "server/rpc/loader_service.h"
#include "server/rpc/plan_cache.h"
#include "server/rpc/plan_service.h"
#include "server/rpc/query_service.h"
#include "server/rpc/snapshot_service.h"
#include "server/rpc/source_service.h"
#include "server/rpc/tag_service.h"
#include "server/rpc/vocabulary_service.h"

namespace millrace {
namespace {

// A plan costs kilobytes; with a query, units or weights up to some bytes for each of its posts.
constexpr size_t kCachedPlanCountMax = 1024;
constexpr size_t kCachedPlansSizeBytesMax = size_t{256} << 20;

// A label index takes 4 bytes a tag of its snapshot: 1.6 MB at Danbooru's 400,000.
constexpr size_t kCachedLabelIndexCountMax = 1024;
constexpr size_t kCachedLabelsSizeBytesMax = size_t{64} << 20;

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeServices(const ServiceDeps& deps) {
  // shared_ptr: the caller owns the services one by one, and both of these use the cache.
  const auto cache = std::make_shared<PlanCache>(kCachedPlanCountMax, kCachedPlansSizeBytesMax);
  const auto labels = std::make_shared<LabelCache>(kCachedLabelIndexCountMax, kCachedLabelsSizeBytesMax);
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<CatalogService>(deps));
  services.push_back(std::make_unique<ImportService>(deps));
  services.push_back(std::make_unique<SnapshotService>(deps));
  services.push_back(std::make_unique<PlanService>(deps, cache));
  services.push_back(std::make_unique<LoaderService>(deps, cache, labels));
  services.push_back(std::make_unique<TagService>(deps));
  services.push_back(std::make_unique<VocabularyService>(deps, labels));
  services.push_back(std::make_unique<SourceService>(deps));
  services.push_back(std::make_unique<QueryService>(deps));
  return services;
}

}  // namespace millrace
