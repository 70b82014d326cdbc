//===- RegressionTest.cpp - whole runs of a trainer of numbers ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeRegression.h"
#include "TestSupport.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using nlohmann::json;

namespace {

class Regression : public testing::Test {
protected:
  Regression() : data("npy:" + folder.path) {
    writeSplit("train", 21); // 5 batches per epoch
    writeSplit("test", 7);
  }
  /// Targets are linear in the inputs, which have an offset and a scale.
  void writeSplit(const std::string &name, int count) {
    std::vector<double> x;
    std::vector<float> t;
    for (int i = 0; i < count; ++i) {
      for (int f = 0; f < regressionFeatures; ++f)
        x.push_back(100 * (f / 2) + 10 * std::sin(1 + 7 * i + 3 * f));
      double first = x[x.size() - 6], last = x.back();
      t.push_back(static_cast<float>(first / 10));
      t.push_back(static_cast<float>((200 - last) / 20));
    }
    std::string shape = "(" + std::to_string(count) + ", ";
    writeFile(folder / (name + "_x.npy"),
              npy("<f8", shape + "3, 2)", bytesOf(x)));
    writeFile(folder / (name + "_y.npy"), npy("<f4", shape + "2)", bytesOf(t)));
  }
  static ProgramResult run(const std::vector<std::string> &arguments,
                           const std::function<void()> &prepare = nullptr) {
    return Program(arguments, prepare, FAKE_REGRESSION).wait();
  }
  std::vector<std::string> train(const std::vector<std::string> &more) const {
    std::vector<std::string> all = {"train", "--data", data};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string out(const std::string &name) const { return folder / name; }
  std::string checkpoint(const std::string &name) const {
    return out(name) + "/checkpoint.safetensors";
  }
  static std::string lastLine(const std::string &text) {
    size_t end = text.find_last_not_of('\n');
    size_t begin = text.rfind('\n', end);
    return text.substr(begin + 1, end - begin);
  }
  /// The value of `key` in a result line.
  static std::string valueOf(const std::string &line, const std::string &key) {
    size_t begin = line.find(" " + key + "=") + key.size() + 2;
    return line.substr(begin, line.find(' ', begin) - begin);
  }
  std::vector<json> metrics(const std::string &name) const {
    return readMetrics(out(name));
  }
  std::vector<double> rates(const std::string &name) const {
    std::vector<double> rates;
    for (const json &epoch : metrics(name))
      rates.push_back(epoch["schedule"]);
    return rates;
  }
  static void expectFailure(const std::vector<std::string> &arguments,
                            int status, const std::string &part) {
    ProgramResult result = run(arguments);
    EXPECT_EQ(result.status, status) << result.err << result.out;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1)
        << result.err;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
  }
  TemporaryFolder folder;
  std::string data;
};

} // namespace

TEST_F(Regression, ReportsLossesAndNoAccuracy) {
  ProgramResult result = run(train({"--epochs=6", "--out", out("r")}));
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out.find("accuracy"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("%"), std::string::npos) << result.out;
  std::string line = lastLine(result.out);
  EXPECT_EQ(line.rfind("result: epochs=6 steps=30 test_loss=", 0), 0u) << line;
  std::vector<json> lines = metrics("r");
  ASSERT_EQ(lines.size(), 6u);
  for (const json &epoch : lines) {
    EXPECT_FALSE(epoch.contains("train_accuracy"));
    EXPECT_FALSE(epoch.contains("test_accuracy"));
    EXPECT_TRUE(epoch["train_loss"].is_number());
    EXPECT_TRUE(epoch["test_loss"].is_number());
  }
  double last = lines.back()["test_loss"];
  EXPECT_LT(last, 0.1 * lines[0]["train_loss"].get<double>());
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", last);
  EXPECT_EQ(valueOf(line, "test_loss"), text);
}

// Weights of 0 predict 0, so the loss is the mean of the squared targets.
TEST_F(Regression, TheLossIsThatOfTheTargets) {
  double sum = 0;
  for (int i = 0; i < 7; ++i) {
    double first = std::sin(1 + 7 * i);
    double last = -10 * std::sin(1 + 7 * i + 15) / 20;
    sum += (first * first + last * last) / 2;
  }
  ProgramResult result = run({"eval", "--data", data});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NEAR(std::stod(valueOf(result.out, "test_loss")), sum / 7, 1e-5);
  EXPECT_NE(result.out.find(" examples=7 state="), std::string::npos);
  EXPECT_EQ(result.out.find("correct"), std::string::npos);
}

TEST_F(Regression, TheBestLossIsTheLowest) {
  ProgramResult result =
      run(train({"--epochs=6", "--schedule=0.1,3@50%", "--out", out("r")}));
  ASSERT_EQ(result.status, 0) << result.err;
  double best = INFINITY, last = 0;
  for (const json &epoch : metrics("r")) {
    last = epoch["test_loss"];
    best = std::min(best, last);
  }
  ASSERT_LT(best, last);
  std::string line = lastLine(result.out);
  EXPECT_NEAR(std::stod(valueOf(line, "best_test_loss")), best, 1e-5 * best);
  EXPECT_NEAR(std::stod(valueOf(line, "test_loss")), last, 1e-5 * last);
}

TEST_F(Regression, ResumesBitForBit) {
  ProgramResult whole =
      run(train({"--epochs=4", "--schedule=0.1,3@50%", "--out", out("whole")}));
  ASSERT_EQ(whole.status, 0) << whole.err;
  for (int step : {1, 5, 7, 13, 19}) {
    std::string name = "part" + std::to_string(step);
    run(train({"--epochs=4", "--schedule=0.1,3@50%", "--save-every=1", "--out",
               out(name)}),
        [step] {
          setenv("FAKE_DIE_AT_STEP", std::to_string(step).c_str(), 1);
        });
    ProgramResult rest =
        run(train({"--resume", checkpoint(name), "--out", out(name)}));
    EXPECT_EQ(rest.status, 0) << rest.err;
    EXPECT_EQ(lastLine(rest.out), lastLine(whole.out));
    EXPECT_EQ(metrics(name), metrics("whole"));
    EXPECT_EQ(readFile(checkpoint(name)), readFile(checkpoint("whole")));
  }
}

// A longer run has percentages of all of its steps. Of ramps, too, only the
// spelling may change.
TEST_F(Regression, ResumesRamps) {
  const char *ramps = "--schedule=0,linear:0.1@25%,cosine:0@100%";
  ASSERT_EQ(run(train({"--epochs=4", ramps, "--out", out("r")})).status, 0);
  std::vector<double> expected = {0.08, 0.08345653, 0.03454915, 0.00109262};
  EXPECT_EQ(rates("r"), expected);
  std::vector<std::string> longer =
      train({"--epochs=8", "--resume", checkpoint("r"), "--out", out("r")});
  longer.push_back("--schedule=0,linear:0.1@25%,linear:0@100%");
  expectFailure(longer, 1, "leave --schedule out");
  longer.back() = "--schedule=0.0,linear:1e-1@25.0%,cosine:0@100%";
  ProgramResult result = run(longer);
  ASSERT_EQ(result.status, 0) << result.err;
  for (double rate : {0.055226423, 0.029663168, 0.00954915, 0.00027390523})
    expected.push_back(rate);
  EXPECT_EQ(rates("r"), expected);
}

TEST_F(Regression, HelpSaysWhatASchedulesValuesAre) {
  std::string text = run({"train", "--help"}).out;
  EXPECT_NE(text.find("Values: the rate"), std::string::npos) << text;
  EXPECT_NE(text.find("0,linear:0.1@5%,cosine:0@100%"), std::string::npos);
}

// The checkpoint says how to standardize; nothing else is read for it.
TEST_F(Regression, EvalNeedsNoTrainingSet) {
  ProgramResult result = run(train({"--epochs=3", "--out", out("r")}));
  ASSERT_EQ(result.status, 0) << result.err;
  std::filesystem::remove(folder / "train_x.npy");
  std::filesystem::remove(folder / "train_y.npy");
  ProgramResult eval =
      run({"eval", "--data", data, "--checkpoint", checkpoint("r")});
  ASSERT_EQ(eval.status, 0) << eval.err;
  EXPECT_EQ(valueOf(eval.out, "test_loss"),
            valueOf(lastLine(result.out), "test_loss"));
  expectFailure({"eval", "--data", data}, 1, "train_x.npy");
}

// The statistics are those of the examples that the run uses.
TEST_F(Regression, TheLimitAppliesBeforeStandardization) {
  ProgramResult limited =
      run(train({"--epochs=1", "--limit=8", "--out", out("a")}));
  ASSERT_EQ(limited.status, 0) << limited.err;
  writeSplit("train", 8);
  ProgramResult small = run(train({"--epochs=1", "--out", out("b")}));
  EXPECT_EQ(lastLine(limited.out), lastLine(small.out));
}

TEST_F(Regression, ResumeRefusesOtherData) {
  ASSERT_EQ(run(train({"--epochs=1", "--out", out("r")})).status, 0);
  Bytes y(21 * 2 * sizeof(float));
  writeFile(folder / "train_y.npy", npy("<f4", "(21, 2)", y));
  expectFailure(train({"--resume", checkpoint("r"), "--epochs=2"}), 1,
                "is not that of the run");
}

TEST_F(Regression, WhatDoesNotFitIsRefused) {
  expectFailure(train({"--augment=crop-flip"}), 2,
                "--augment: only images of pixels");
  EXPECT_EQ(run(train({"--augment=none", "--steps=1"})).status, 0);
  for (const char *spec : {"mnist:x", "cifar10:x", "synthetic:digits"})
    expectFailure({"train", "--data", spec}, 1,
                  "are classes, but the model predicts numbers; compile with "
                  "--loss=cross-entropy");
}

TEST_F(Regression, BenchAndInfo) {
  ProgramResult bench = run({"bench", "--steps=3"});
  EXPECT_EQ(bench.status, 0) << bench.err;
  ProgramResult info = run({"info"});
  EXPECT_NE(info.out.find("3x2 (channels x length), standardized numbers"),
            std::string::npos);
  EXPECT_NE(info.out.find("outputs           2"), std::string::npos);
  EXPECT_EQ(info.out.find("classes"), std::string::npos);
  json object = json::parse(run({"info", "--json"}).out);
  EXPECT_EQ(object["outputs"], 2);
  EXPECT_EQ(object["input_elements"], "standardized numbers");
}
