// millrace.v1.TagService.
#pragma once

#include "millrace/v1/tag_service.grpc.pb.h"
#include "server/rpc/services.h"

namespace millrace {

// Each method hops to the call pool. Thread-safe.
class TagService final : public v1::TagService::CallbackService {
 public:
  explicit TagService(const ServiceDeps& deps) : deps_(deps) {}

  grpc::ServerUnaryReactor* ListTagRelations(grpc::CallbackServerContext* context,
                                             const v1::ListTagRelationsRequest* request,
                                             v1::ListTagRelationsResponse* response) override;
  grpc::ServerUnaryReactor* ListListedTags(grpc::CallbackServerContext* context,
                                           const v1::ListListedTagsRequest* request,
                                           v1::ListListedTagsResponse* response) override;
  grpc::ServerUnaryReactor* ListPools(grpc::CallbackServerContext* context, const v1::ListPoolsRequest* request,
                                      v1::ListPoolsResponse* response) override;
  grpc::ServerUnaryReactor* ListArtists(grpc::CallbackServerContext* context, const v1::ListArtistsRequest* request,
                                        v1::ListArtistsResponse* response) override;

 private:
  const ServiceDeps deps_;
};

}  // namespace millrace
