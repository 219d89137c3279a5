#include "tests/cli/fake_server.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/clients/cpp/made_batch.h"
#include "tests/support/catch.h"

namespace millrace::cli {

grpc::Status ServerError(grpc::StatusCode code, const std::string& reason, const std::string& message) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("millrace");
  details.add_details()->PackFrom(info);
  return grpc::Status(code, message, details.SerializeAsString());
}

grpc::Status FakeCatalog::ListDatasets(grpc::ServerContext*, const v1::ListDatasetsRequest*,
                                       v1::ListDatasetsResponse* response) {
  for (const std::string& name : datasets) response->add_datasets()->set_name(name);
  return grpc::Status::OK;
}

grpc::Status FakeCatalog::GetStats(grpc::ServerContext*, const v1::GetStatsRequest* request,
                                   v1::GetStatsResponse* response) {
  get_stats.push_back(*request);
  response->mutable_stats()->set_post_count(6702);
  return grpc::Status::OK;
}

grpc::Status FakeCatalog::ListTags(grpc::ServerContext*, const v1::ListTagsRequest* request,
                                   v1::ListTagsResponse* response) {
  list_tags.push_back(*request);
  const int64_t start = request->page_token().empty() ? 0 : std::stoll(request->page_token());
  const int64_t end = std::min(tag_count, start + request->page_size());
  for (int64_t i = start; i < end; ++i) {
    v1::Tag& tag = *response->add_tags();
    tag.set_id(i + 1);
    tag.set_name("tag" + std::to_string(i));
  }
  if (end < tag_count) response->set_next_page_token(std::to_string(end));
  return grpc::Status::OK;
}

grpc::Status FakeCatalog::GetPost(grpc::ServerContext*, const v1::GetPostRequest* request,
                                  v1::GetPostResponse* response) {
  if (request->id() != 1) return ServerError(grpc::StatusCode::NOT_FOUND, "POST_NOT_FOUND", "no such post");
  response->mutable_post()->set_id(1);
  return grpc::Status::OK;
}

grpc::Status FakeCatalog::SamplePosts(grpc::ServerContext*, const v1::SamplePostsRequest* request,
                                      v1::SamplePostsResponse* response) {
  sample_posts.push_back(*request);
  response->set_seed(7);
  return grpc::Status::OK;
}

grpc::Status FakePlans::CreatePlan(grpc::ServerContext*, const v1::CreatePlanRequest* request,
                                   v1::CreatePlanResponse* response) {
  create_plan.push_back(*request);
  response->mutable_plan()->set_id(std::string(64, 'a'));
  if (knows_readings) response->mutable_plan()->mutable_spec()->set_tags(request->spec().tags());
  return grpc::Status::OK;
}

grpc::Status FakePlans::GetPlan(grpc::ServerContext*, const v1::GetPlanRequest*, v1::GetPlanResponse*) {
  return ServerError(grpc::StatusCode::NOT_FOUND, "PLAN_NOT_FOUND", "no such plan");
}

grpc::Status FakePlans::ExplainPost(grpc::ServerContext*, const v1::ExplainPostRequest* request,
                                    v1::ExplainPostResponse* response) {
  explain_post.push_back(*request);
  response->set_is_selected(true);
  response->set_split("train");
  response->add_reasons("it was dealt");
  response->add_reasons("and drawn");
  for (const bool is_padding : {false, true}) {
    v1::Appearance& appearance = *response->add_appearances();
    appearance.set_step(is_padding ? 6 : 5);
    appearance.set_global_index(is_padding ? 1 : 25);
    appearance.set_sample(345);
    appearance.set_is_padding(is_padding);
  }
  return grpc::Status::OK;
}

grpc::Status FakePlans::ExplainStep(grpc::ServerContext*, const v1::ExplainStepRequest* request,
                                    v1::ExplainStepResponse* response) {
  explain_step.push_back(*request);
  response->add_reasons("because");
  v1::ExplainedSample& sample = *response->add_samples();
  sample.set_sample(90);
  sample.set_member(12);
  sample.set_row(17);
  sample.set_post_id(1234);
  response->set_sample_count(12'000);
  response->set_token("mt1-ff");
  return grpc::Status::OK;
}

grpc::Status FakeSnapshots::VerifySnapshot(grpc::ServerContext*, const v1::VerifySnapshotRequest* request,
                                           v1::VerifySnapshotResponse* response) {
  response->set_digest(request->digest());
  response->set_intact(damages.empty());
  for (const std::string& damage : damages) response->add_damages(damage);
  return grpc::Status::OK;
}

grpc::Status FakeLoader::GetBatch(grpc::ServerContext*, const v1::GetBatchRequest* request,
                                  v1::GetBatchResponse* response) {
  get_batch.push_back(*request);
  client::MadeBatch made = client::ThreePosts();
  if (request->projection().encoding() != v1::BATCH_ENCODING_COLUMNS) {
    response->mutable_batch()->add_post_ids(11);
  } else {
    // One byte short, when it is to be wrong.
    response->ParseFromString(client::MakeMessage(
        &made.head, 0, std::string_view(made.body).substr(0, made.body.size() - (spoil_columns ? 1 : 0))));
  }
  return grpc::Status::OK;
}

grpc::Status FakeLoader::StreamBatches(grpc::ServerContext*, const v1::StreamBatchesRequest* request,
                                       grpc::ServerWriter<v1::StreamBatchesResponse>* writer) {
  stream_batches.push_back(*request);
  for (int64_t step = request->start().step(); step < batch_count; ++step) {
    if (step == break_after) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
    v1::StreamBatchesResponse response;
    if (request->projection().encoding() == v1::BATCH_ENCODING_COLUMNS) {
      client::MadeBatch made = client::ThreePosts();
      made.head.set_step(step);
      made.head.set_batch_count(batch_count);
      for (const std::string& message : made.Messages(part_size_bytes)) {
        response.ParseFromString(message);
        if (!writer->Write(response)) return grpc::Status::OK;
      }
      continue;
    }
    response.mutable_batch()->set_step(step);
    response.mutable_batch()->set_batch_count(batch_count);
    response.mutable_batch()->add_post_ids(10 * step);
    if (!writer->Write(response)) break;
  }
  return grpc::Status::OK;
}

grpc::Status FakeImports::Import(grpc::ServerContext* context,
                                 grpc::ServerReaderWriter<v1::ImportResponse, v1::ImportRequest>* stream) {
  {
    MutexLock lock(mutex);
    began = true;
  }
  changed.SignalAll();
  v1::ImportRequest request;
  if (wait_for_cancel) {
    while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return grpc::Status::CANCELLED;
  }
  if (!status.ok()) return status;
  while (stream->Read(&request)) {
    bytes += request.file().content() + request.chunk();
    requests.push_back(request);
  }
  v1::ImportResponse response;
  response.mutable_progress()->set_format(v1::SOURCE_FORMAT_DANBOORU_JSONL);
  stream->Write(response);
  response.mutable_rejected()->set_file("posts.jsonl");
  response.mutable_rejected()->set_line(17);
  response.mutable_rejected()->set_field("md5");
  response.mutable_rejected()->set_reason("not 32 hexadecimal digits");
  stream->Write(response);
  *response.mutable_result() = result;
  stream->Write(response);
  return grpc::Status::OK;
}

grpc::Status FakeVocabularies::CreateVocabulary(grpc::ServerContext*, const v1::CreateVocabularyRequest* request,
                                                v1::CreateVocabularyResponse* response) {
  create.push_back(*request);
  response->mutable_vocabulary()->set_name(request->name());
  response->mutable_vocabulary()->set_version(3);
  if (knows_readings) response->set_tags(request->selection().tags());
  return grpc::Status::OK;
}

grpc::Status FakeVocabularies::GetVocabulary(grpc::ServerContext*, const v1::GetVocabularyRequest* request,
                                             v1::GetVocabularyResponse* response) {
  v1::Vocabulary& vocabulary = *response->mutable_vocabulary();
  vocabulary.set_name(request->vocabulary());
  vocabulary.set_version(2);
  vocabulary.set_label_count(label_count);
  return grpc::Status::OK;
}

grpc::Status FakeVocabularies::ListVocabularyEntries(grpc::ServerContext*,
                                                     const v1::ListVocabularyEntriesRequest* request,
                                                     v1::ListVocabularyEntriesResponse* response) {
  list_entries.push_back(*request);
  const int64_t start = request->page_token().empty() ? 0 : std::stoll(request->page_token());
  const int64_t end = std::min(label_count, start + request->page_size());
  for (int64_t i = start; i < end; ++i) response->add_entries()->set_name("tag" + std::to_string(i));
  if (end < label_count) response->set_next_page_token(std::to_string(end));
  return grpc::Status::OK;
}

grpc::Status FakeVocabularies::ExportVocabulary(grpc::ServerContext*, const v1::ExportVocabularyRequest* request,
                                                v1::ExportVocabularyResponse* response) {
  response->set_csv("tag_id,name,category,count\n0," + request->vocabulary() + ",0,0\n");
  return grpc::Status::OK;
}

grpc::Status FakeVocabularies::DeleteVocabulary(grpc::ServerContext*, const v1::DeleteVocabularyRequest* request,
                                                v1::DeleteVocabularyResponse*) {
  remove.push_back(*request);
  return grpc::Status::OK;
}

FakeServer::FakeServer() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  for (grpc::Service* service :
       std::initializer_list<grpc::Service*>{&catalog, &plans, &snapshots, &vocabularies, &loader, &imports}) {
    builder.RegisterService(service);
  }
  server_ = builder.BuildAndStart();
  REQUIRE(server_ != nullptr);
  address_ = "127.0.0.1:" + std::to_string(port);
}

FakeServer::~FakeServer() { server_->Shutdown(std::chrono::system_clock::now()); }

}  // namespace millrace::cli
