//===- CheckpointTest.cpp - checkpoints, state hash, damaged files --------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Checkpoint.h"
#include "FakeModel.h"
#include "TestSupport.h"
#include "qtcrt/Error.h"
#include "qtcrt/Memory.h"
#include "qtcrt/SafeTensors.h"
#include "qtcrt/StateHash.h"

#include <cstring>
#include <ctime>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace qtcrt;
using nlohmann::json;

namespace {

/// Header and data of a safetensors file taken apart.
struct Parts {
  json header;
  std::string data;
  explicit Parts(const std::string &file) {
    uint64_t length;
    std::memcpy(&length, file.data(), 8);
    header = json::parse(file.substr(8, length));
    data = file.substr(8 + length);
  }
  std::string join() const { return join(header.dump()); }
  /// Joins the parts with hashes of their present contents.
  std::string joinRehashed() {
    json &metadata = header["__metadata__"];
    metadata["data_hash"] = hash(data);
    metadata.erase("metadata_hash");
    std::string stream;
    for (const auto &item : metadata.items())
      stream += item.key() + '\0' + item.value().get<std::string>() + '\0';
    metadata["metadata_hash"] = hash(stream);
    return join();
  }
  /// Removes the tensors of estimated statistics, as in older files.
  void dropStatistics() {
    json offsets = header["1.running.evaluation"]["data_offsets"];
    uint64_t begin = offsets[0], end = offsets[1];
    header.erase("1.running.evaluation");
    header["__metadata__"].erase("statistics_batches");
    data.erase(begin, end - begin);
    for (auto &item : header.items())
      if (item.key() != "__metadata__")
        for (json &offset : item.value()["data_offsets"])
          if (offset >= end)
            offset = offset.get<uint64_t>() - (end - begin);
  }
  /// Rewrites the file in version 1 of the format.
  void makeOld() {
    dropStatistics();
    json &metadata = header["__metadata__"];
    for (const char *key : {"data_hash", "metadata_hash", "evaluation_options"})
      metadata.erase(key);
    metadata["format"] = "qtc-checkpoint-1";
    metadata["options"] =
        R"({"batch":8,"niti-loss":"paper","normalize":"none"})";
  }
  static std::string hash(const std::string &bytes) {
    XXH128_hash_t value = XXH3_128bits(bytes.data(), bytes.size());
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, value);
    std::string text;
    for (unsigned char byte : canonical.digest) {
      char hex[3];
      std::snprintf(hex, sizeof(hex), "%02x", byte);
      text += hex;
    }
    return text;
  }
  std::string join(const std::string &text) const {
    uint64_t length = text.size();
    std::string out(8, '\0');
    std::memcpy(&out[0], &length, 8);
    return out + text + data;
  }
};

class CheckpointFile : public testing::Test {
protected:
  CheckpointFile()
      : model(fakeModel()), state(model.state_bytes), path(folder / "c") {
    for (size_t i = 0; i < state.size(); ++i)
      state[i] = static_cast<uint8_t>(i % 100);
    record.seed = 77;
    record.batch = 16;
    record.augment = "none";
    record.schedule = "4";
    record.step = 12;
    record.epoch = 3;
    record.sums = startSums(model);
    record.sums[0].loss = 0.1;
    record.bestScore = 1.0 / 3;
    record.trainHash = "h";
    record.estimateBatches = 5;
    saveCheckpoint(path, model, state.data(), record);
    good = readFile(path);
  }
  std::string load(CheckpointUse use = CheckpointUse::Resume) {
    return load(model, use);
  }
  std::string load(const qtcrt_model &by, CheckpointUse use) {
    Bytes other(by.state_bytes);
    return errorOf([&] { loadCheckpoint(path, by, other.data(), use); });
  }
  void expect(const std::string &file, const std::string &part,
              CheckpointUse use = CheckpointUse::Resume) {
    writeFile(path, file);
    std::string text = load(use);
    EXPECT_NE(text.find(part), std::string::npos) << text << " / " << part;
    EXPECT_EQ(text.find('\n'), std::string::npos);
  }
  const qtcrt_model &model;
  TemporaryFolder folder;
  Bytes state;
  std::string path, good;
  RunRecord record;
};

} // namespace

TEST_F(CheckpointFile, RoundTrip) {
  Bytes other(model.state_bytes);
  RunRecord read =
      loadCheckpoint(path, model, other.data(), CheckpointUse::Resume);
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    bool same = std::memcmp(&other[tensor.offset], &state[tensor.offset],
                            tensor.elements * dtypeBytes(tensor.dtype)) == 0;
    EXPECT_EQ(same, tensor.kind != QTCRT_STATE_SCRATCH) << tensor.name;
  }
  EXPECT_EQ(read.seed, 77u);
  EXPECT_EQ(read.step, 12u);
  EXPECT_EQ(read.sums[0].loss, 0.1);
  EXPECT_EQ(read.estimateBatches, 5u);
  EXPECT_EQ(read.bestScore, 1.0 / 3);
  EXPECT_EQ(read.testScore, -1);
}

// The sum of weights is the number of examples unless a step writes them.
TEST_F(CheckpointFile, KeepsTheSumOfWeights) {
  std::vector<qtcrt_port> ports(model.ports, model.ports + model.port_count);
  auto sumWith = [&](FakePort metric) {
    ports.back() = model.ports[metric];
    ports.back().role = QTCRT_PORT_WEIGHT;
    qtcrt_model weighed = model;
    weighed.ports = ports.data();
    weighed.port_count = ports.size();
    saveCheckpoint(path, weighed, state.data(), record);
    return loadCheckpoint(path, weighed, state.data(), CheckpointUse::Resume)
        .sums[0]
        .weight;
  };
  record.sums[0].examples = 9;
  record.sums[0].weight = 2.5;
  saveCheckpoint(path, model, state.data(), record);
  EXPECT_EQ(readRunRecord(path, model).sums[0].weight, 9);
  ports.emplace_back();
  EXPECT_EQ(sumWith(FakeLoss), 2.5);
  EXPECT_EQ(sumWith(FakeAccuracy), 9);
}

TEST_F(CheckpointFile, IsASafetensorsFile) {
  Parts parts(good);
  uint64_t length;
  std::memcpy(&length, good.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  EXPECT_EQ(parts.header["0.weight"]["dtype"], "I8");
  EXPECT_EQ(parts.header["0.weight"]["shape"], json({10, 144}));
  EXPECT_EQ(parts.header["0.bias"]["dtype"], "I16");
  EXPECT_EQ(parts.header["2.counter"]["shape"], json::array());
  EXPECT_EQ(parts.header["0.weight.exponent"]["dtype"], "I32");
  EXPECT_EQ(parts.header["0.weight.exponent"]["shape"], json::array());
  for (const auto &item : parts.header["__metadata__"].items())
    EXPECT_TRUE(item.value().is_string()) << item.key();
  EXPECT_EQ(parts.header["__metadata__"]["seed"], "77");
}

// The documented byte stream, put together by hand.
TEST_F(CheckpointFile, StateHashIsAsDocumented) {
  std::string stream;
  auto number = [&](auto value) {
    stream.append(reinterpret_cast<const char *>(&value), sizeof(value));
  };
  auto bytes = [&](uint64_t offset, uint64_t count) {
    stream.append(reinterpret_cast<const char *>(&state[offset]), count);
  };
  stream += "0.biasI16";
  number(int64_t{10});
  bytes(model.tensors[0].offset, 20);
  number(int32_t{-9});
  stream += "0.weightI8";
  number(int64_t{10});
  number(int64_t{144});
  bytes(0, 1440);
  number(int32_t{-10});
  stream += "1.runningI32";
  number(int64_t{144});
  bytes(model.tensors[2].offset, 576);
  EXPECT_EQ(hashState(model, state.data()), Parts::hash(stream));
}

// Checkpoints had no statistics for evaluation before these were estimated.
TEST_F(CheckpointFile, OlderFilesHaveRunningStatisticsAlone) {
  Parts parts(good);
  parts.dropStatistics();
  const qtcrt_tensor &running = model.tensors[2], &estimated = model.tensors[3];
  for (CheckpointUse use : {CheckpointUse::Read, CheckpointUse::Resume}) {
    writeFile(path, parts.joinRehashed());
    Bytes other(model.state_bytes);
    RunRecord read = loadCheckpoint(path, model, other.data(), use);
    EXPECT_EQ(read.estimateBatches, model.estimate_batches);
    EXPECT_EQ(std::memcmp(&other[estimated.offset], &state[running.offset],
                          running.elements * sizeof(int32_t)),
              0);
  }
}

TEST_F(CheckpointFile, EveryTruncationIsRefused) {
  for (size_t size = 0; size < good.size(); size += 13) {
    writeFile(path, good.substr(0, size));
    EXPECT_NE(load(), "") << size;
  }
  expect(good + "x", "bytes");
}

TEST_F(CheckpointFile, DamagedBytesAreRefused) {
  for (size_t i = 0; i < good.size(); i += 11) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x11);
    writeFile(path, bad);
    load(); // refused, or an irrelevant byte; never a crash
  }
  std::string bad = good;
  bad[good.size() - 5] ^= 1; // a weight
  expect(bad, "the data does not have the hash");
  Parts parts(bad);
  expect(parts.joinRehashed(), "the state does not have the hash");
  parts = Parts(good);
  uint64_t at = parts.header["2.counter"]["data_offsets"][0];
  parts.data[at] ^= 1; // optimizer state, which no state hash covers
  expect(parts.join(), "the data does not have the hash");
}

TEST_F(CheckpointFile, HostileHeaders) {
  std::string bad = good;
  std::memset(&bad[0], 0xff, 8);
  expect(bad, "not a safetensors file");
  Parts parts(good);
  expect(parts.join("not json"), "not a JSON object");
  expect(parts.join("[]"), "not a JSON object");
  expect(parts.join("{\"a\":"), "bytes after");
  expect(parts.join("{\"a\":}"), "not valid JSON");
  expect(parts.join("{\"a\":" + std::string(10000, '[') + "}"), "no dtype");
  expect(parts.join("{\"a\":1,\"a\":2}"), "no dtype");
  expect(parts.join("{}"), "after the last tensor");
  expect(parts.join("{\"__metadata__\":3}"), "not an object");
  expect(parts.join("{\"__metadata__\":{\"a\":3}}"), "not a string");
  expect(parts.join("{\"__metadata__\":{\"a\":{}}}"), "not a string");
  expect(parts.join("{\"a\":3}"), "no dtype");
  expect(parts.join("{\"\xff\":3}"), "not valid JSON");
}

TEST_F(CheckpointFile, KeysAppearOnce) {
  Parts parts(good);
  std::string header = parts.header.dump(), entry;
  entry = "\"0.bias\":" + parts.header["0.bias"].dump() + ",";
  auto with = [&](const std::string &before, const std::string &text) {
    size_t at = header.find(before) + before.size();
    return parts.join(header.substr(0, at) + text + header.substr(at));
  };
  expect(with("{", entry), "tensor '0.bias' appears twice");
  expect(with("{", "\"__metadata__\":{},"), "__metadata__ appears twice");
  expect(with("\"__metadata__\":{", "\"seed\":\"78\","),
         "__metadata__ entry 'seed' appears twice");
  expect(with("\"0.bias\":{", "\"dtype\":\"I8\","), "'dtype' twice");
  expect(with("\"0.bias\":{", "\"x\":1,"), "'x', which is not defined");
}

TEST_F(CheckpointFile, NothingFollowsTheHeader) {
  Parts parts(good);
  std::string header = parts.header.dump();
  for (std::string tail : {std::string("\0x", 2), std::string("\0", 1),
                           std::string("\n"), std::string(" ") + '\0' + " {}"})
    expect(parts.join(header + tail), "bytes after");
  expect(parts.join(header + "{}"), "not valid JSON");
  writeFile(path, parts.join(header + "        "));
  EXPECT_EQ(load(), "");
}

// The text of a header takes memory, regardless of its meaning.
TEST_F(CheckpointFile, LongHeadersAreNotRead) {
  Parts parts(good);
  std::string entry = "[],", header = "{\"a\":[";
  while (header.size() < (size_t{8} << 20))
    header += entry;
  expect(parts.join(header + "0]}"), "the header has");
}

// A model of n tensors, whose file has n entries: 4 MB of header.
TEST(CheckpointHeader, ManyTensorsTakeLinearTime) {
  constexpr uint64_t count = 40000;
  static const int64_t shape[] = {1};
  std::vector<std::string> names(count);
  std::vector<qtcrt_tensor> tensors(count);
  for (uint64_t i = 0; i < count; ++i) {
    names[i] = std::to_string(100000 + i);
    tensors[i] = {names[i].c_str(),
                  shape,
                  i,
                  1,
                  1,
                  QTCRT_INT8,
                  QTCRT_STATE_PARAMETER,
                  1,
                  -3,
                  0,
                  0,
                  0,
                  0};
  }
  qtcrt_model model = fakeModel();
  model.tensors = tensors.data();
  model.tensor_count = count;
  model.state_bytes = count;
  TemporaryFolder folder;
  std::string path = folder / "c";
  Bytes state(count, 5), other(count);
  std::clock_t begin = std::clock();
  saveCheckpoint(path, model, state.data(), RunRecord());
  loadCheckpoint(path, model, other.data(), CheckpointUse::Resume);
  EXPECT_EQ(other, state);
  // A second or less; quadratic time would be over a minute.
  EXPECT_LT(std::clock() - begin, 10 * CLOCKS_PER_SEC);
}

TEST_F(CheckpointFile, HostileEntries) {
  auto change = [&](const char *key, const json &value, const char *part) {
    Parts parts(good);
    parts.header["0.weight"][key] = value;
    expect(parts.join(), part);
  };
  change("dtype", "I4", "element type");
  change("dtype", "I16", "match its shape");
  change("dtype", 8, "no valid dtype");
  change("dtype", {8}, "no valid dtype");
  change("shape", "x", "no valid shape");
  change("shape", {10, -144}, "no valid shape");
  change("shape", {10, 144.5}, "no valid shape");
  change("shape", {uint64_t{1} << 62, 4}, "too large");
  change("shape", {144, 10}, "shape of tensor '0.weight'");
  change("data_offsets", {0, uint64_t{1} << 62}, "outside");
  change("data_offsets", {-1, 1439}, "no valid data_offsets");
  change("data_offsets", {5, 4}, "outside");
  change("data_offsets", {1}, "no valid data_offsets");
  change("data_offsets", {0, 1440}, "overlap");
}

TEST_F(CheckpointFile, TensorsOfTheModelAreNamed) {
  auto rename = [&](const std::string &from, const std::string &to) {
    Parts parts(good);
    parts.header[to] = parts.header[from];
    parts.header.erase(from);
    expect(parts.join(), "'" + from + "' of the model is missing");
  };
  rename("0.weight", "0.w");
  rename("0.bias.exponent", "0.bias.exp");
  Parts parts(good);
  uint64_t at = parts.header["0.weight.exponent"]["data_offsets"][0];
  parts.data[at] = 3;
  expect(parts.joinRehashed(), "exponent of tensor '0.weight' is");
  parts = Parts(good);
  at = parts.header["0.weight"]["data_offsets"][0];
  parts.data[at + 9] = '\x80';
  expect(parts.joinRehashed(), "most negative");
}

TEST_F(CheckpointFile, OtherModelsAreRefusedByField) {
  auto change = [&](const char *key, const char *value, const char *part) {
    Parts parts(good);
    parts.header["__metadata__"][key] = value;
    expect(parts.joinRehashed(), part);
  };
  change("model_hash", "0", "model hash differs");
  change("model_hash", "0", "use the model file of its run");
  change("scheme", "wage", "scheme differs");
  change("scheme", "wage", "compile with --scheme=wage");
  change("options", "3", "not a JSON object");
  change("options", "{\"niti-loss\":\"paper\"}", "'no --normalize'");
  change("options", R"({"niti-loss":"fraction","normalize":"none"})",
         "'--niti-loss=fraction'");
  change("seed", "-1", "'seed'");
  change("step", "99999999999999999999", "'step'");
  change("shuffle", "maybe", "'shuffle'");
  change("loss_sum", "abc", "'loss_sum'");
  Parts parts(good);
  parts.header["__metadata__"].erase("epoch");
  expect(parts.joinRehashed(), "no entry 'epoch'");
}

// The numbers of another scheme have another size.
TEST_F(CheckpointFile, TheSchemeIsComparedBeforeTheSize) {
  Parts parts(good);
  std::string more(5 * model.state_bytes, '\0');
  parts.header["more"] = {
      {"dtype", "I8"},
      {"shape", {more.size()}},
      {"data_offsets", {parts.data.size(), parts.data.size() + more.size()}}};
  parts.data += more;
  expect(parts.joinRehashed(), "bytes of tensors, but the model has at most");
  parts.header["__metadata__"]["scheme"] = "fp32";
  expect(parts.joinRehashed(), "scheme differs");
}

TEST_F(CheckpointFile, OnlyOptionsThatDifferAreNamed) {
  qtcrt_model other = model;
  other.options =
      R"({"init":"onnx","niti-loss":"fraction","normalize":"none"})";
  EXPECT_NE(load(other, CheckpointUse::Resume)
                .find("its run had 'no --init --niti-loss=paper', but this "
                      "trainer has '--init=onnx --niti-loss=fraction'"),
            std::string::npos)
      << load(other, CheckpointUse::Resume);
  Parts parts(good);
  uint64_t at = parts.header["0.weight.exponent"]["data_offsets"][0];
  parts.data[at] = 3;
  writeFile(path, parts.joinRehashed());
  other.options = R"({"niti-loss":"fraction","normalize":"none"})";
  std::string text = load(other, CheckpointUse::Read);
  std::string advice = "; compile with --niti-loss=paper";
  EXPECT_EQ(text.substr(text.size() - advice.size()), advice) << text;
}

TEST_F(CheckpointFile, MetadataHasAHash) {
  json metadata = Parts(good).header["__metadata__"];
  for (const auto &item : metadata.items()) {
    Parts parts(good);
    parts.header["__metadata__"][item.key()] =
        item.value().get<std::string>() + "1";
    expect(parts.join(), item.key() == "format" ? "version" : "metadata");
  }
  Parts parts(good);
  parts.header["__metadata__"]["more"] = "x";
  expect(parts.join(), "the metadata does not have the hash");
}

TEST_F(CheckpointFile, VersionsOfTheFormat) {
  auto withFormat = [&](const char *format) {
    Parts parts(good);
    parts.header["__metadata__"]["format"] = format;
    return parts.joinRehashed();
  };
  expect(withFormat("pt"), "its format is 'pt'");
  expect(withFormat("qtc-checkpoint-"), "its format is");
  for (const char *number : {"3", "0", "02", "x"}) {
    expect(withFormat(("qtc-checkpoint-" + std::string(number)).c_str()),
           "has format version '" + std::string(number) + "'");
    EXPECT_NE(load().find("versions up to 2"), std::string::npos);
  }
}

TEST_F(CheckpointFile, TheVersionBeforeHashesLoads) {
  Parts old(good);
  old.makeOld();
  writeFile(path, old.join());
  EXPECT_EQ(load(), "");
  EXPECT_EQ(load(CheckpointUse::Read), "");
  old.header["__metadata__"]["options"] =
      R"({"batch":16,"niti-loss":"fraction","normalize":"none"})";
  for (CheckpointUse use : {CheckpointUse::Read, CheckpointUse::Resume}) {
    expect(old.join(), "format version 1", use);
    EXPECT_NE(load(use).find("version 2"), std::string::npos);
  }
}

// Options that cannot change evaluation do not prevent it; they prevent a
// resume.
TEST_F(CheckpointFile, ReadersNeedWhatTheyRead) {
  qtcrt_model other = model;
  qtcrt_variant variant = model.variants[0];
  variant.batch = 5;
  other.variants = &variant;
  other.variant_count = 1;
  other.options = R"({"niti-loss":"fraction","normalize":"none"})";
  EXPECT_EQ(load(other, CheckpointUse::Read), "");
  EXPECT_NE(load(other, CheckpointUse::Resume).find("--niti-loss"),
            std::string::npos);
  other.options = model.options;
  EXPECT_EQ(load(other, CheckpointUse::Resume), "");
  other.evaluation_options = "{\"normalize\":\"mnist\"}";
  EXPECT_NE(load(other, CheckpointUse::Read).find("'--normalize=mnist'"),
            std::string::npos);

  other = model;
  other.tensor_count = 3; // a run without the counter of the optimizer
  EXPECT_EQ(load(other, CheckpointUse::Read), "");
  EXPECT_NE(load(other, CheckpointUse::Resume), "");
  Bytes less(model.state_bytes);
  std::memcpy(less.data(), state.data(), less.size());
  saveCheckpoint(path, other, less.data(), record);
  EXPECT_EQ(load(model, CheckpointUse::Read), "");
  EXPECT_NE(load(model, CheckpointUse::Resume).find("'2.counter' of the model"),
            std::string::npos);
}

namespace {

/// A checkpoint of a model whose inputs are standardized in three channels, and
/// that predicts numbers.
class StandardizedFile : public CheckpointFile {
protected:
  StandardizedFile()
      : ports(model.ports, model.ports + model.port_count),
        standardized(model) {
    ports[FakeInput].shape = shape;
    ports[FakeInput].dtype = QTCRT_INT8;
    ports[FakeInput].encoding = QTCRT_ENCODING_NUMBER;
    ports[FakeInput].standardized = 1;
    ports[FakeTarget].encoding = QTCRT_ENCODING_NUMBER;
    standardized.ports = ports.data();
    record.standardization.means = {0.1, -1e300, 0};
    record.standardization.deviations = {1.0 / 3, 5e-324, 1};
    record.bestScore = 0.7;
    saveCheckpoint(path, standardized, state.data(), record);
    good = readFile(path);
  }
  void expectDamage(const char *key, const char *value, const char *part) {
    Parts parts(good);
    parts.header["__metadata__"][key] = value;
    writeFile(path, parts.joinRehashed());
    for (CheckpointUse use : {CheckpointUse::Read, CheckpointUse::Resume}) {
      std::string text = load(standardized, use);
      EXPECT_NE(text.find(part), std::string::npos) << text << " / " << part;
    }
  }
  static constexpr int64_t shape[] = {3, 4, 12};
  std::vector<qtcrt_port> ports;
  qtcrt_model standardized;
};

} // namespace

TEST_F(StandardizedFile, KeepsExactNumbers) {
  for (CheckpointUse use : {CheckpointUse::Read, CheckpointUse::Resume}) {
    Bytes other(model.state_bytes);
    RunRecord read = loadCheckpoint(path, standardized, other.data(), use);
    EXPECT_EQ(read.standardization, record.standardization);
    EXPECT_EQ(read.bestScore, 0.7);
    EXPECT_EQ(read.testScore, -1);
  }
  json metadata = Parts(good).header["__metadata__"];
  EXPECT_TRUE(metadata.contains("best_test_loss"));
  EXPECT_FALSE(metadata.contains("best_test_accuracy"));
}

TEST_F(StandardizedFile, IsNoPartOfTheStateHash) {
  RunRecord other = record;
  other.standardization.means[0] = 7;
  saveCheckpoint(path, standardized, state.data(), other);
  EXPECT_EQ(Parts(readFile(path)).header["__metadata__"]["state_hash"],
            Parts(good).header["__metadata__"]["state_hash"]);
}

TEST_F(StandardizedFile, OtherFilesHaveNoSuchEntries) {
  saveCheckpoint(path, model, state.data(), RunRecord());
  json metadata = Parts(readFile(path)).header["__metadata__"];
  EXPECT_FALSE(metadata.contains("input_means"));
  EXPECT_FALSE(metadata.contains("input_deviations"));
  EXPECT_EQ(metadata.size(), 28u);
}

TEST_F(StandardizedFile, DamageIsFound) {
  Parts parts(good);
  parts.header["__metadata__"]["input_means"] = "0x1p+0 0x1p+0 0x1p+0";
  writeFile(path, parts.join());
  EXPECT_NE(load(standardized, CheckpointUse::Read)
                .find("the metadata does not have the hash"),
            std::string::npos);
  const char *entry = "metadata entry 'input_means'";
  expectDamage("input_means", "0x1p+0 0x1p+0", "has 2 numbers");
  expectDamage("input_means", "1 2 3 4", "input has 3 channels");
  expectDamage("input_means", "", "has 0 numbers");
  expectDamage("input_means", "1 2 x", entry);
  expectDamage("input_means", "1 2 nan", entry);
  expectDamage("input_means", "1 2 inf", entry);
  expectDamage("input_deviations", "1 2 0x0p+0", "'input_deviations'");
  expectDamage("input_deviations", "1 2 -1", "'input_deviations'");
  parts = Parts(good);
  parts.header["__metadata__"].erase("input_means");
  writeFile(path, parts.joinRehashed());
  EXPECT_NE(
      load(standardized, CheckpointUse::Read).find("no entry 'input_means'"),
      std::string::npos);
}

// One number for each of a hundred thousand inputs.
TEST_F(StandardizedFile, ManyChannelsFit) {
  static const int64_t wide[] = {100000};
  ports[FakeInput].shape = wide;
  record.standardization.means.assign(100000, -1.0 / 3);
  record.standardization.deviations.assign(100000, 1.0 / 3);
  saveCheckpoint(path, standardized, state.data(), record);
  EXPECT_EQ(load(standardized, CheckpointUse::Resume), "");
}

TEST_F(CheckpointFile, OldFileSurvivesFailedWrite) {
  EXPECT_NE(errorOf([&] {
              saveCheckpoint(folder / "no/such/folder/c", model, state.data(),
                             record);
            }),
            "");
  // A folder in the place of the temporary file cannot be removed.
  EXPECT_EQ(readFile(path), good);
}

TEST(BufferTest, AlignmentAndSize) {
  for (uint64_t bytes : {0ull, 1ull, 100ull, 5ull << 20}) {
    Buffer buffer(bytes, "a test");
    EXPECT_EQ(buffer.size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) %
                  (bytes > (4 << 20) ? 2 << 20 : 64),
              0u);
    if (bytes) {
      EXPECT_EQ(buffer.data()[bytes - 1], 0);
    }
  }
  EXPECT_NE(
      errorOf([] { Buffer(uint64_t{1} << 60, "the arena"); }).find("the arena"),
      std::string::npos);
}
