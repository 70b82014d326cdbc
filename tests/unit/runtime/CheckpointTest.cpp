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
    record.lossSum = 0.1;
    record.bestAccuracy = 1.0 / 3;
    record.trainHash = "h";
    saveCheckpoint(path, model, state.data(), record);
    good = readFile(path);
  }
  std::string load() {
    Bytes other(model.state_bytes);
    return errorOf([&] { loadCheckpoint(path, model, other.data()); });
  }
  void expect(const std::string &file, const std::string &part) {
    writeFile(path, file);
    std::string text = load();
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
  RunRecord read = loadCheckpoint(path, model, other.data());
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    const qtcrt_tensor &tensor = model.tensors[i];
    EXPECT_EQ(std::memcmp(&other[tensor.offset], &state[tensor.offset],
                          tensor.elements * dtypeBytes(tensor.dtype)),
              0);
  }
  EXPECT_EQ(read.seed, 77u);
  EXPECT_EQ(read.step, 12u);
  EXPECT_EQ(read.lossSum, 0.1);
  EXPECT_EQ(read.bestAccuracy, 1.0 / 3);
  EXPECT_EQ(read.testAccuracy, -1);
  EXPECT_FALSE(exists(path + ".tmp"));
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
  XXH128_hash_t hash = XXH3_128bits(stream.data(), stream.size());
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  std::string text;
  for (unsigned char byte : canonical.digest) {
    char hex[3];
    std::snprintf(hex, sizeof(hex), "%02x", byte);
    text += hex;
  }
  EXPECT_EQ(hashState(model, state.data()), text);
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
  expect(bad, "state hash");
}

TEST_F(CheckpointFile, HostileHeaders) {
  std::string bad = good;
  std::memset(&bad[0], 0xff, 8);
  expect(bad, "not a safetensors file");
  Parts parts(good);
  expect(parts.join("not json"), "not JSON");
  expect(parts.join("{\"a\":"), "not valid JSON");
  expect(parts.join("{\"a\":" + std::string(100000, '[')), "nested");
  expect(parts.join("{\"a\":1,\"a\":2}"), "twice");
  expect(parts.join("{}"), "after the last tensor");
  expect(parts.join("{\"__metadata__\":3}"), "not an object");
  expect(parts.join("{\"__metadata__\":{\"a\":3}}"), "not a string");
  expect(parts.join("{\"a\":3}"), "no valid dtype");
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
  change("shape", {10, -144}, "invalid shape");
  change("shape", {10, 144.5}, "invalid shape");
  change("shape", {uint64_t{1} << 62, 4}, "too large");
  change("shape", {144, 10}, "shape of tensor '0.weight'");
  change("data_offsets", {0, uint64_t{1} << 62}, "outside");
  change("data_offsets", {-1, 1439}, "outside");
  change("data_offsets", {5, 4}, "outside");
  change("data_offsets", {1}, "no valid dtype");
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
  expect(parts.join(), "exponent of tensor '0.weight' is");
  parts = Parts(good);
  at = parts.header["0.weight"]["data_offsets"][0];
  parts.data[at + 9] = '\x80';
  expect(parts.join(), "most negative");
}

TEST_F(CheckpointFile, OtherModelsAreRefusedByField) {
  auto change = [&](const char *key, const char *value, const char *part) {
    Parts parts(good);
    parts.header["__metadata__"][key] = value;
    expect(parts.join(), part);
  };
  change("model_hash", "0", "model hash differs");
  change("scheme", "wage", "scheme differs");
  change("options", "{}", "options differs");
  change("format", "pt", "format differs");
  change("seed", "-1", "'seed'");
  change("step", "99999999999999999999", "'step'");
  change("shuffle", "maybe", "'shuffle'");
  change("loss_sum", "abc", "'loss_sum'");
  Parts parts(good);
  parts.header["__metadata__"].erase("epoch");
  expect(parts.join(), "lack 'epoch'");
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
