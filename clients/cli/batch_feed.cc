#include "clients/cli/batch_feed.h"

#include <optional>
#include <utility>

#include "clients/cli/column_table.h"
#include "clients/cli/json.h"
#include "clients/cpp/column_call.h"

namespace millrace::cli {
namespace {

class RowFeed final : public BatchFeed {
 public:
  RowFeed(Client& client, grpc::ClientContext* context, const v1::StreamBatchesRequest& request)
      : stream_(client.loader().StreamBatches(context, request)) {}

  bool Next(FedBatch* batch) override {
    if (!stream_->Read(&response_)) return false;
    const v1::Batch& head = response_.batch();
    *batch = {&head, head.post_ids(), static_cast<int64_t>(head.ByteSizeLong())};
    return true;
  }
  void PrintJson(std::ostream& out) const override { cli::PrintJson(response_, out); }
  grpc::Status Finish() override { return stream_->Finish(); }

 private:
  const std::unique_ptr<grpc::ClientReader<v1::StreamBatchesResponse>> stream_;
  v1::StreamBatchesResponse response_;
};

class ColumnFeed final : public BatchFeed {
 public:
  ColumnFeed(Client& client, grpc::ClientContext* context, const v1::StreamBatchesRequest& request)
      : stream_(client.channel(), context, request) {}

  bool Next(FedBatch* batch) override {
    auto next = stream_.Next();
    malformed_ = next.status();
    if (!next.ok() || !next->has_value()) return false;
    batch_.emplace(**std::move(next));
    *batch = {&batch_->head(), batch_->ids(), static_cast<int64_t>(batch_->message_size_bytes())};
    return true;
  }
  void PrintJson(std::ostream& out) const override { PrintColumnsJson(*batch_, out); }
  grpc::Status Finish() override {
    const grpc::Status status = stream_.Finish();
    return malformed_.ok() ? status : client::ToGrpcStatus(malformed_);
  }

 private:
  client::ColumnStream stream_;
  std::optional<client::ColumnBatch> batch_;
  absl::Status malformed_;
};

}  // namespace

std::unique_ptr<BatchFeed> OpenFeed(Client& client, grpc::ClientContext* context,
                                    const v1::StreamBatchesRequest& request) {
  if (request.projection().encoding() == v1::BATCH_ENCODING_COLUMNS) {
    return std::make_unique<ColumnFeed>(client, context, request);
  }
  return std::make_unique<RowFeed>(client, context, request);
}

}  // namespace millrace::cli
