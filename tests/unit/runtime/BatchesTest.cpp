//===- BatchesTest.cpp - trainers with several batch sizes ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeModel.h"
#include "TestSupport.h"
#include "qtcrt/Error.h"
#include "qtcrt/Isa.h"
#include "qtcrt/Ports.h"
#include "qtcrt/Session.h"

#include <functional>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace qtcrt;
using nlohmann::json;

TEST(Batches, ArePropertiesOfVariants) {
  const qtcrt_model &model = fakeModel();
  EXPECT_EQ(batchesOf(model), std::vector<int64_t>({16, 6}));
  EXPECT_EQ(listBatches(model), "16, 6");
  EXPECT_EQ(listVariants(model), "baseline, future");
  EXPECT_EQ(variantsOf(model, 6).begin(), model.variants + 2);
  EXPECT_EQ(variantsOf(model, 6).end(), model.variants + 4);
  EXPECT_TRUE(variantsOf(model, 5).isEmpty());
  EXPECT_EQ(strongestVariant(model, 6), model.variants + 2);
  EXPECT_EQ(strongestVariant(model, 5), nullptr);
}

TEST(Batches, TheFirstIsTheDefault) {
  const qtcrt_model &model = fakeModel();
  EXPECT_EQ(&selectVariant(model, ""), model.variants);
  EXPECT_EQ(&selectVariant(model, "baseline"), model.variants);
  EXPECT_EQ(&selectVariant(model, "", 16), model.variants);
  EXPECT_EQ(&selectVariant(model, "baseline", 6), model.variants + 2);
  EXPECT_THROW(selectVariant(model, "", 5), UsageError);
  EXPECT_EQ(errorOf([&] { selectVariant(model, "", 5); }),
            "--batch: the trainer has no code for batches of 5, expected one "
            "of: 16, 6; leave the option out, or compile with --batch=5");
}

TEST(Batches, PortsGrowWithThem) {
  const qtcrt_model &model = fakeModel();
  const qtcrt_port &input = inputPort(model);
  EXPECT_EQ(portElements(input, 6), uint64_t{6 * fakeFeatures});
  EXPECT_EQ(portBytes(predictionPort(model), 6), uint64_t{6 * fakeClasses * 4});
  EXPECT_EQ(portBytes(*findPort(model, QTCRT_PORT_EXPONENT), 6), 4u);
  EXPECT_EQ(portBytes(lossPort(model), 6), 6u * 8);
  qtcrt_port weights = lossPort(model);
  weights.role = QTCRT_PORT_WEIGHT;
  EXPECT_EQ(portElements(weights, 6), 6u);
}

TEST(Batches, AllHaveTheSameVariants) {
  qtcrt_model model = fakeModel();
  std::vector<qtcrt_variant> variants(model.variants, model.variants + 4);
  auto check = [&](std::vector<size_t> order) {
    std::vector<qtcrt_variant> chosen;
    for (size_t index : order)
      chosen.push_back(variants[index]);
    model.variants = chosen.data();
    model.variant_count = chosen.size();
    return errorOf([&] { checkModel(model); });
  };
  EXPECT_EQ(check({0, 1, 2, 3}), "");
  EXPECT_EQ(check({1, 3}), "");
  for (const auto &order : {std::vector<size_t>{0, 1, 2}, {0, 1, 3, 2}, {0, 3}})
    EXPECT_NE(check(order).find("variants of a batch"), std::string::npos);
  EXPECT_NE(check({0, 2, 0}).find("order of the variants"), std::string::npos);
  EXPECT_NE(check({}).find("(variants)"), std::string::npos);
  for (int64_t batch : {int64_t{0}, int64_t{-1}, int64_t{1} << 25}) {
    variants[0].batch = batch;
    EXPECT_NE(check({0}).find("(batch)"), std::string::npos);
  }
}

namespace {

/// Runs the fake trainer on 40 training and 7 test examples.
class BatchRuns : public testing::Test {
protected:
  BatchRuns() { writeMnist(folder / "data", 40, 7, 12); }
  ProgramResult run(const char *command,
                    const std::vector<std::string> &more) const {
    std::vector<std::string> words = {command, "--data",
                                      "mnist:" + (folder / "data")};
    words.insert(words.end(), more.begin(), more.end());
    return runProgram(words);
  }
  std::string checkpoint(const char *name) const {
    return folder / name + "/checkpoint.safetensors";
  }
  /// A run of nine steps, or the rest of it.
  ProgramResult train(const char *name,
                      const std::vector<std::string> &more) const {
    std::vector<std::string> words = {"--steps=9", "--schedule=3", "--out",
                                      folder / name};
    words.insert(words.end(), more.begin(), more.end());
    return run("train", words);
  }
  /// The last word of what a run prints; its error if there is none.
  static std::string stateOf(const ProgramResult &result) {
    size_t begin = result.out.rfind("state=");
    return begin == std::string::npos ? result.err : result.out.substr(begin);
  }
  static void expectError(const ProgramResult &result, int status,
                          const std::string &part) {
    EXPECT_EQ(result.status, status) << result.out;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
  }
  TemporaryFolder folder;
};

} // namespace

TEST_F(BatchRuns, OptionChoosesOne) {
  ProgramResult first = train("first", {});
  ProgramResult same = train("same", {"--batch=16"});
  ProgramResult other = train("other", {"--batch", "6"});
  EXPECT_NE(first.out.find("batch 16,"), std::string::npos) << first.out;
  EXPECT_NE(other.out.find("batch 6,"), std::string::npos) << other.out;
  EXPECT_EQ(stateOf(first), stateOf(same));
  EXPECT_NE(stateOf(first), stateOf(other));
  expectError(train("none", {"--batch=5"}), 2, "expected one of: 16, 6;");
  expectError(train("none", {"--batch=0"}), 2, "expected an integer from 1");
}

// Nothing of a batch is left when the last one is not full.
TEST_F(BatchRuns, EvaluationIsTheSame) {
  ASSERT_EQ(train("run", {}).status, 0);
  std::string file = checkpoint("run");
  ProgramResult first = run("eval", {"--checkpoint", file});
  EXPECT_NE(first.out.find("examples=7"), std::string::npos) << first.out;
  for (const char *batch : {"--batch=16", "--batch=6"})
    EXPECT_EQ(run("eval", {"--checkpoint", file, batch}).out, first.out);
  expectError(run("eval", {"--checkpoint", file, "--batch=3"}), 2, "16, 6");
}

TEST_F(BatchRuns, ResumedRunsKeepTheirs) {
  std::string whole = stateOf(train("whole", {"--batch=6"}));
  ASSERT_EQ(run("train", {"--steps=4", "--schedule=3", "--batch=6", "--out",
                          folder / "part"})
                .status,
            0);
  std::string file = checkpoint("part");
  EXPECT_EQ(stateOf(train("rest", {"--resume", file})), whole);
  EXPECT_EQ(stateOf(train("same", {"--resume", file, "--batch=6"})), whole);
  expectError(train("bad", {"--resume", file, "--batch=16"}), 1,
              "the run was started with --batch=6, but this command has "
              "--batch=16; leave --batch out");
}

TEST_F(BatchRuns, SmallSetsNeedSmallOnes) {
  expectError(train("run", {"--limit=15"}), 1,
              "fewer than one batch of 16; use more data or use --batch=6");
  expectError(train("run", {"--limit=5"}), 1,
              "use more data or compile with a smaller --batch");
  EXPECT_EQ(train("run", {"--limit=15", "--batch=6"}).status, 0);
}

TEST(Batches, AreListed) {
  json info = json::parse(runProgram({"info", "--json"}).out);
  EXPECT_EQ(info["batch"], 16);
  EXPECT_EQ(info["batches"], json({16, 6}));
  ASSERT_EQ(info["variants"].size(), 4u);
  EXPECT_EQ(info["variants"][2]["batch"], 6);
  EXPECT_EQ(info["variants"][2]["planned_bytes"], 3904 + 2048);
  EXPECT_EQ(info["variants"][2]["used"], true);
  std::string text = runProgram({"info"}).out;
  EXPECT_NE(text.find("batch             16, 6\n"), std::string::npos) << text;
  EXPECT_NE(runProgram({"train", "--help"}).out.find("one of 16, 6"),
            std::string::npos);
  json bench = json::parse(
      runProgram({"bench", "--json", "--steps=1", "--batch=6"}).out);
  EXPECT_EQ(bench["batch"], 6);
}
