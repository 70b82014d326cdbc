//===- TrainerTest.cpp - whole runs of a trainer --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeModel.h"
#include "TestSupport.h"
#include "qtcrt/Augment.h"
#include "qtcrt/DataSet.h"
#include "qtcrt/SafeTensors.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace qtcrt;
using nlohmann::json;

namespace {

class Trainer : public testing::Test {
protected:
  Trainer() : data("mnist:" + (folder / "data")) {
    writeMnist(folder / "data", 200, 37, 12); // 12 batches per epoch
  }
  std::vector<std::string> train(const std::vector<std::string> &more) const {
    std::vector<std::string> all = {"train", "--data", data, "--threads=2"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string out(const std::string &name) const { return folder / name; }
  static std::string checkpoint(const std::string &run) {
    return run + "/checkpoint.safetensors";
  }
  static std::string lastLine(const std::string &text) {
    std::istringstream lines(text);
    std::string line, last;
    while (std::getline(lines, line))
      last = line;
    return last;
  }
  /// A tensor of 32-bit integers.
  static std::vector<int32_t> readTensor(const std::string &file,
                                         const std::string &name) {
    SafeTensorsReader reader(file, 1 << 20);
    const StoredTensor &tensor = reader.header().tensors.at(name);
    std::vector<int32_t> values(tensor.bytes / sizeof(int32_t));
    reader.readData([&](const std::string &key) {
      return key == name ? reinterpret_cast<uint8_t *>(values.data()) : nullptr;
    });
    return values;
  }
  static std::vector<json> metrics(const std::string &run) {
    return readMetrics(run);
  }
  static void expectFailure(const std::vector<std::string> &arguments,
                            int status, const std::string &part,
                            const std::function<void()> &prepare = nullptr) {
    ProgramResult result = runProgram(arguments, prepare);
    EXPECT_EQ(result.status, status) << result.err << result.out;
    EXPECT_EQ(result.err.rfind("error: ", 0), 0u) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1)
        << result.err;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
  }
  TemporaryFolder folder;
  std::string data;
};

const std::function<void()> slow = [] {
  setenv("FAKE_STEP_MICROSECONDS", "2000", 1);
};

} // namespace

TEST_F(Trainer, TrainsAndReports) {
  ProgramResult result =
      runProgram(train({"--epochs=3", "--out", out("a/b/c")}));
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(lastLine(result.out).rfind("result: epochs=3 steps=36 test_acc", 0),
            0u)
      << result.out;
  std::vector<json> lines = metrics(out("a/b/c"));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[2]["epoch"], 2);
  EXPECT_EQ(lines[2]["step"], 36);
  EXPECT_EQ(lines[0]["schedule"], 4);
  EXPECT_EQ(lines[2]["schedule"], 0);
  EXPECT_TRUE(lines[0]["test_accuracy"].is_number());
  EXPECT_TRUE(lines[0]["test_loss"].is_number());
  ProgramResult hash =
      runProgram({"hash", "--checkpoint", checkpoint(out("a/b/c"))});
  EXPECT_EQ(hash.status, 0);
  EXPECT_NE(result.out.find("state=" + hash.out), std::string::npos);
}

TEST_F(Trainer, SameCommandSameStateWhateverTheThreads) {
  std::string first;
  for (const char *threads : {"1", "2", "5"}) {
    ProgramResult result = runProgram(
        {"train", "--data", data, "--steps=30", "--threads", threads});
    if (first.empty())
      first = lastLine(result.out);
    EXPECT_EQ(lastLine(result.out), first);
  }
  for (const char *option : {"--seed=2", "--no-shuffle", "--augment=crop-flip",
                             "--schedule=3", "--limit=100"}) {
    ProgramResult result = runProgram(train({"--steps=30", option}));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_NE(lastLine(result.out), first) << option;
  }
}

TEST_F(Trainer, ResumesBitForBitFromEveryStep) {
  ProgramResult whole = runProgram(
      train({"--steps=30", "--augment=crop-flip", "--out", out("whole")}));
  ASSERT_EQ(whole.status, 0) << whole.err;
  for (int step : {0, 1, 5, 11, 12, 13, 24, 29, 30}) {
    // A run of 30 steps that is stopped early: the total stays 30.
    std::string run = out("part" + std::to_string(step));
    ProgramResult part = runProgram(
        train({"--steps=30", "--augment=crop-flip", "--out", run,
               "--save-every=" + std::to_string(std::max(step, 1))}),
        [step] {
          setenv("FAKE_DIE_AT_STEP", std::to_string(step).c_str(), 1);
        });
    ProgramResult rest =
        runProgram(train({"--resume", checkpoint(run), "--out", run}));
    EXPECT_EQ(rest.status, 0) << rest.err;
    EXPECT_EQ(lastLine(rest.out), lastLine(whole.out)) << step;
    EXPECT_EQ(metrics(run), metrics(out("whole"))) << step;
  }
}

TEST_F(Trainer, KilledAtRandomMomentsAndResumed) {
  std::vector<std::string> options = {"--epochs=4", "--save-every=3"};
  options.insert(options.end(), {"--out", out("whole")});
  ProgramResult whole = runProgram(train(options));
  ASSERT_EQ(whole.status, 0) << whole.err;
  std::mt19937 random(std::random_device{}());
  std::string run = out("killed");
  ProgramResult last;
  for (int attempt = 0; attempt < 200; ++attempt) {
    bool resume = exists(checkpoint(run));
    std::vector<std::string> now = {"--save-every=3", "--out", run};
    if (resume)
      now.insert(now.end(), {"--resume", checkpoint(run)});
    else
      now.push_back("--epochs=4");
    Program program(train(now), slow);
    int limit = attempt < 20 ? 60000 : 10000000;
    std::this_thread::sleep_for(std::chrono::microseconds(
        std::uniform_int_distribution<>(1000, limit / 2 + 1000)(random) %
        60000));
    program.kill(attempt < 20 ? SIGKILL : 0);
    last = program.wait();
    if (last.status == 0)
      break;
    ASSERT_EQ(last.status, 128 + SIGKILL) << last.err;
  }
  EXPECT_EQ(lastLine(last.out), lastLine(whole.out));
  EXPECT_EQ(metrics(run), metrics(out("whole")));
}

TEST_F(Trainer, SignalsSaveAndStop) {
  ProgramResult whole = runProgram(train({"--epochs=2"}));
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    std::string run = out("signal" + std::to_string(signal));
    Program program(train({"--epochs=2", "--out", run}), slow);
    while (!exists(checkpoint(run)))
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    program.kill(signal);
    ProgramResult result = program.wait();
    EXPECT_EQ(result.status, 128 + signal) << result.err;
    EXPECT_EQ(result.err.rfind("interrupted after step ", 0), 0u);
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
    ProgramResult rest = runProgram(train({"--resume=" + checkpoint(run)}));
    EXPECT_EQ(lastLine(rest.out), lastLine(whole.out)) << rest.err;
  }
}

// An interrupted run prints a command that continues it.
TEST_F(Trainer, TheHintContinuesAndSaves) {
  ProgramResult whole = runProgram(train({"--epochs=2", "--eval-every=0"}));
  std::string place = folder / "it's a place";
  for (std::vector<std::string> options : {std::vector<std::string>{},
                                           {"--out", place},
                                           {"--overwrite", "--out=" + place}}) {
    options.insert(options.end(), {"--epochs=2", "--eval-every=0"});
    std::string run = options.size() == 2 ? out("runs/fake-1") : place;
    auto prepare = [&] {
      slow();
      if (chdir(folder.path.c_str()) != 0)
        _exit(99);
    };
    Program program(train(options), prepare);
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    program.kill(SIGINT);
    ProgramResult result = program.wait();
    ASSERT_EQ(result.status, 128 + SIGINT) << result.err;
    size_t hint = result.err.find("continue with: ");
    ASSERT_NE(hint, std::string::npos) << result.err;
    std::string before = readFile(checkpoint(run)),
                command =
                    "cd " + folder.path + " && " + result.err.substr(hint + 15);
    command.pop_back(); // the end of the line
    ASSERT_EQ(std::system((command + " > hinted").c_str()), 0) << command;
    EXPECT_EQ(lastLine(readFile(folder / "hinted")), lastLine(whole.out));
    EXPECT_NE(readFile(checkpoint(run)), before);
    EXPECT_EQ(metrics(run).size(), 2u);
  }
}

TEST_F(Trainer, WithoutOutEveryRunHasItsFolder) {
  auto inFolder = [&] {
    if (chdir(folder.path.c_str()) != 0)
      _exit(99);
  };
  std::vector<std::unique_ptr<Program>> programs;
  for (int i = 0; i < 4; ++i)
    programs.push_back(
        std::make_unique<Program>(train({"--steps=5"}), inFolder));
  std::set<std::string> places;
  for (auto &program : programs) {
    ProgramResult result = program->wait();
    EXPECT_EQ(result.status, 0) << result.err;
    std::string first = result.out.substr(0, result.out.find('\n'));
    ASSERT_EQ(first.rfind("results go to 'runs/fake-", 0), 0u) << first;
    places.insert(first.substr(15, first.size() - 16));
  }
  EXPECT_EQ(places.size(), 4u);
  for (int i = 1; i <= 4; ++i)
    EXPECT_TRUE(exists(checkpoint(out("runs/fake-" + std::to_string(i)))));
  // A folder of that name is left alone, whatever is in it.
  ASSERT_EQ(mkdir(out("runs/fake-5").c_str(), 0777), 0);
  EXPECT_NE(runProgram(train({"--steps=5"}), inFolder).out.find("fake-6'"),
            std::string::npos);
  writeFile(out("empty"), std::string());
  expectFailure(train({"--steps=5"}), 1, "'runs'", [&] {
    if (chdir("/proc") != 0)
      _exit(99);
  });
}

TEST_F(Trainer, AFreshRunKeepsACheckpoint) {
  ASSERT_EQ(runProgram(train({"--steps=5", "--out", out("r")})).status, 0);
  std::string before = readFile(checkpoint(out("r"))),
              lines = readFile(out("r/metrics.jsonl"));
  for (const std::string &spelling : {out("r"), out("r/"), out("./r//")})
    expectFailure(train({"--steps=9", "--out", spelling}), 1, "--overwrite");
  EXPECT_EQ(readFile(checkpoint(out("r"))), before);
  EXPECT_EQ(readFile(out("r/metrics.jsonl")), lines);
  EXPECT_EQ(
      runProgram(train({"--steps=9", "--overwrite", "--out", out("r")})).status,
      0);
  EXPECT_NE(readFile(checkpoint(out("r"))), before);
}

TEST_F(Trainer, AResumedRunKeepsTheCheckpointOfAnother) {
  for (const char *run : {"a", "b"})
    ASSERT_EQ(runProgram(train({"--steps=5", "--out", out(run)})).status, 0);
  std::string before = readFile(checkpoint(out("b"))),
              lines = readFile(out("b/metrics.jsonl"));
  std::vector<std::string> resume = {"--resume", checkpoint(out("a")),
                                     "--steps=9", "--out", out("b")};
  expectFailure(train(resume), 1,
                "'" + out("b") +
                    "' holds the checkpoint of "
                    "another run; replace it");
  EXPECT_EQ(readFile(checkpoint(out("b"))), before);
  EXPECT_EQ(readFile(out("b/metrics.jsonl")), lines);
  resume.push_back("--overwrite");
  ProgramResult result = runProgram(train(resume));
  EXPECT_EQ(result.status, 0) << result.err;
  // Its own folder, whatever the path.
  std::filesystem::create_symlink(out("a"), out("link"));
  for (const std::string &own : {out("a"), out("link"), out("a/../a/")})
    EXPECT_EQ(runProgram(train({"--resume", checkpoint(out("a")), "--steps=9",
                                "--out", own}))
                  .status,
              0);
}

TEST_F(Trainer, HintsQuotePaths) {
  std::string run = out("a $place");
  ASSERT_EQ(runProgram(train({"--steps=5", "--out", run})).status, 0);
  expectFailure(train({"--steps=5", "--out", run}), 1,
                "--resume='" + checkpoint(run) + "'");
  expectFailure(train({"--resume", checkpoint(run), "--seed=9"}), 1,
                "--resume='" + checkpoint(run) + "': the run");
}

TEST_F(Trainer, AFolderLinkToNothingGetsItsTarget) {
  std::filesystem::create_symlink("target/inner", out("relative"));
  std::filesystem::create_symlink(out("other"), out("absolute"));
  for (const char *link : {"relative", "absolute"}) {
    ProgramResult result = runProgram(train({"--steps=1", "--out", out(link)}));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(std::filesystem::is_symlink(out(link)));
  }
  EXPECT_TRUE(exists(checkpoint(out("target/inner"))));
  EXPECT_TRUE(exists(checkpoint(out("other"))));
  std::filesystem::create_symlink("loop", out("loop"));
  expectFailure(train({"--out", out("loop")}), 1, "loop");
}

TEST_F(Trainer, TooFewDescriptors) {
  expectFailure(train({"--steps=1", "--out", out("r")}), 1,
                "cannot open the folder '" + out("r") + "'", [] {
                  for (int file = 3; file < 256; ++file)
                    close(file); // what the test runner may have left open
                  rlimit files{4, 4};
                  setrlimit(RLIMIT_NOFILE, &files);
                });
}

// A complete run is tested again; nothing else happens.
TEST_F(Trainer, ACompleteRunHasNothingToDo) {
  for (const char *steps : {"--steps=24", "--steps=30", "--steps=3"}) {
    std::string run = out(steps + 2);
    ProgramResult first =
        runProgram(train({steps, "--limit=199", "--out", run}));
    ASSERT_EQ(first.status, 0) << first.err;
    std::string lines = readFile(run + "/metrics.jsonl");
    for (std::vector<std::string> same :
         {std::vector<std::string>{}, {std::string(steps)}}) {
      same.insert(same.end(), {"--resume", checkpoint(run), "--out", run});
      ProgramResult again = runProgram(train(same));
      EXPECT_EQ(again.status, 0);
      EXPECT_EQ(again.err, "");
      EXPECT_EQ(again.out, "the run of " + std::string(steps + 8) +
                               " steps is complete: nothing to do; use "
                               "--epochs or --steps for more\n" +
                               lastLine(first.out) + "\n");
      EXPECT_EQ(readFile(run + "/metrics.jsonl"), lines);
    }
  }
}

// The test at the end of a run was interrupted, or its line is lost.
TEST_F(Trainer, AMissingLastTestIsMadeUpFor) {
  ASSERT_EQ(runProgram(train({"--steps=30", "--out", out("r")})).status, 0);
  std::vector<json> whole = metrics(out("r"));
  std::string lines = readFile(out("r/metrics.jsonl"));
  lines.erase(lines.rfind('{'));
  writeFile(out("r/metrics.jsonl"), lines);
  ProgramResult result =
      runProgram(train({"--resume", checkpoint(out("r")), "--out", out("r")}));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(metrics(out("r")), whole);
}

TEST_F(Trainer, LostMetricsAreRemarked) {
  ASSERT_EQ(runProgram(train({"--epochs=3", "--out", out("r")})).status, 0);
  std::string lines = readFile(out("r/metrics.jsonl"));
  auto resume = [&](const std::string &left) {
    writeFile(out("r/metrics.jsonl"), left);
    return runProgram(train(
        {"--resume", checkpoint(out("r")), "--epochs=3", "--out", out("r")}));
  };
  EXPECT_EQ(resume(lines).err, "");
  EXPECT_EQ(resume(lines.substr(lines.find('\n') + 1)).err,
            "remark: '" + out("r/metrics.jsonl") +
                "' lacks the lines of 1 of the 3 epochs before\n");
  EXPECT_NE(resume("").err.find("lacks the lines of 3 of the 3 epochs"),
            std::string::npos);
}

TEST_F(Trainer, OneTrainerAFolder) {
  Program first(train({"--epochs=2", "--out", out("r")}), slow);
  while (!exists(checkpoint(out("r"))))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (const char *option : {"--overwrite", "--save-every=1"})
    expectFailure(train({"--steps=5", option, "--out", out("r")}), 1,
                  "another trainer");
  expectFailure(train({"--resume", checkpoint(out("r")), "--out", out("r")}), 1,
                "another trainer");
  ProgramResult result = first.wait();
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(lastLine(result.out),
            lastLine(runProgram(train({"--epochs=2"})).out));
  // The lock dies with the process.
  Program killed(train({"--epochs=2", "--overwrite", "--out", out("r")}), slow);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  killed.kill(SIGKILL);
  killed.wait();
  EXPECT_EQ(
      runProgram(train({"--steps=5", "--overwrite", "--out", out("r")})).status,
      0);
}

TEST_F(Trainer, NoTemporaryFileStays) {
  ASSERT_EQ(mkdir(out("r").c_str(), 0777), 0);
  // One file of a run that was killed, and one of the user's.
  writeFile(out("r/checkpoint.safetensors.tmp-0123456789abcdef"),
            std::string("x"));
  writeFile(out("r/notes.tmp-1"), std::string("x"));
  auto prepare = [] {
    umask(027);
    slow();
  };
  Program program(train({"--epochs=999", "--save-every=1", "--out", out("r")}),
                  prepare);
  // The second signal ends the trainer at once. If it came during the first
  // save, there would be no checkpoint yet.
  while (!exists(checkpoint(out("r"))))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::set<std::string> seen;
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (seen.empty() && std::chrono::steady_clock::now() < deadline)
    for (const auto &entry : std::filesystem::directory_iterator(out("r"))) {
      std::string name = entry.path().filename();
      struct stat status {};
      if (name.rfind("checkpoint.safetensors.tmp-", 0) == 0 &&
          name.find("0123456789abcdef") == std::string::npos &&
          stat(entry.path().c_str(), &status) == 0 &&
          (status.st_mode & 0777) == 0600)
        seen.insert(name);
    }
  EXPECT_FALSE(seen.empty());
  program.kill(SIGTERM);
  program.kill(SIGINT); // at once, perhaps in the middle of a save
  int status = program.wait().status;
  EXPECT_TRUE(status == 128 + SIGTERM || status == 128 + SIGINT) << status;
  std::set<std::string> left;
  for (const auto &entry : std::filesystem::directory_iterator(out("r")))
    left.insert(entry.path().filename());
  EXPECT_EQ(left, (std::set<std::string>{"checkpoint.safetensors",
                                         "metrics.jsonl", "notes.tmp-1"}));
  struct stat file {};
  ASSERT_EQ(stat(checkpoint(out("r")).c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0640u);
}

TEST_F(Trainer, ZeroStepsWriteTheInitialState) {
  ProgramResult result = runProgram(train({"--steps=0", "--out", out("zero")}));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("epochs=0 steps=0"), std::string::npos);
  ProgramResult table = runProgram(
      {"hash", "--tensors", "--checkpoint", checkpoint(out("zero"))});
  EXPECT_NE(table.out.find("0.weight"), std::string::npos);
  EXPECT_NE(table.out.find("-10"), std::string::npos);
  ProgramResult more =
      runProgram(train({"--steps=30", "--resume", checkpoint(out("zero"))}));
  EXPECT_EQ(lastLine(more.out),
            lastLine(runProgram(train({"--steps=30"})).out));
}

TEST_F(Trainer, EvalMatchesTheEndOfTraining) {
  ProgramResult result =
      runProgram(train({"--epochs=3", "--eval-every=0", "--out", out("run")}));
  ProgramResult eval = runProgram({"eval", "--data", data, "--checkpoint",
                                   checkpoint(out("run")), "--threads=1"});
  ASSERT_EQ(eval.status, 0) << eval.err;
  std::string accuracy = "test_accuracy=";
  EXPECT_EQ(result.out.substr(result.out.find(accuracy), 20),
            eval.out.substr(eval.out.find(accuracy), 20));
  EXPECT_NE(eval.out.find("examples=37"), std::string::npos);
  EXPECT_TRUE(metrics(out("run"))[0]["test_accuracy"].is_null());
  EXPECT_TRUE(metrics(out("run"))[2]["test_accuracy"].is_number());
}

// The fake model's statistics are means of pixels: those of the first batches
// of epoch 0 in random order, as they are, whatever the run and its epoch.
TEST_F(Trainer, StatisticsAreEstimatedBeforeATest) {
  auto expected = [&](uint64_t examples, uint64_t seed, uint64_t batches) {
    DataRequest request;
    request.inputs[0].shape = {1, fakeSide, fakeSide};
    request.targets[0].encoding = QTCRT_ENCODING_CLASS;
    request.targets[0].classes = fakeClasses;
    request.limit = examples;
    DataSplit split = loadDataSet(data, request).train;
    std::vector<uint32_t> order = shuffledOrder(split.count(), seed, 0);
    std::vector<int32_t> means(fakeFeatures);
    for (int64_t f = 0; f < fakeFeatures; ++f) {
      int64_t sum = 0;
      for (uint64_t i = 0; i < batches * fakeBatch; ++i)
        sum += split.inputs[0].example(order[i])[f];
      means[f] = static_cast<int32_t>(sum / int64_t(batches * fakeBatch));
    }
    return means;
  };
  auto estimated = [&](const std::vector<std::string> &more) {
    std::vector<std::string> words = {"--out", out("statistics"),
                                      "--overwrite"};
    words.insert(words.end(), more.begin(), more.end());
    ProgramResult result = runProgram(train(words));
    EXPECT_EQ(result.status, 0) << result.err;
    return readTensor(checkpoint(out("statistics")), "1.running.evaluation");
  };
  EXPECT_EQ(estimated({"--epochs=1"}), expected(0, 1, 8));
  EXPECT_EQ(estimated({"--epochs=2"}), expected(0, 1, 8));
  EXPECT_EQ(estimated({"--steps=3"}), expected(0, 1, 8));
  EXPECT_EQ(estimated({"--epochs=1", "--no-shuffle"}), expected(0, 1, 8));
  EXPECT_EQ(estimated({"--epochs=1", "--augment=crop-flip"}),
            expected(0, 1, 8));
  EXPECT_EQ(estimated({"--epochs=1", "--seed=5"}), expected(0, 5, 8));
  EXPECT_EQ(estimated({"--epochs=1", "--statistics-batches=3"}),
            expected(0, 1, 3));
  // Fewer batches than requested: all of them, and not the incomplete one.
  EXPECT_EQ(estimated({"--epochs=1", "--limit=100"}), expected(100, 1, 6));
  EXPECT_EQ(estimated({"--epochs=1", "--statistics-batches=1000"}),
            expected(0, 1, 12));
  // Weights that no step has changed keep the statistics of the file.
  EXPECT_EQ(estimated({"--steps=0"}), std::vector<int32_t>(fakeFeatures));
}

TEST_F(Trainer, StatisticsChangeNoStep) {
  auto state = [](const ProgramResult &result) {
    return result.out.substr(result.out.find("state="));
  };
  ProgramResult whole = runProgram(train({"--epochs=2", "--out", out("a")}));
  ProgramResult few =
      runProgram(train({"--epochs=2", "--statistics-batches=1"}));
  ProgramResult once = runProgram(train({"--epochs=2", "--eval-every=0"}));
  EXPECT_EQ(state(whole), state(few));
  EXPECT_EQ(state(whole), state(once));
  auto accuracy = [](const ProgramResult &result) {
    size_t at = result.out.find("result: ");
    return result.out.substr(result.out.find(" test_accuracy=", at), 21);
  };
  EXPECT_EQ(accuracy(whole), accuracy(once));
  // A finished run may be tested again with other statistics.
  ProgramResult again =
      runProgram(train({"--resume", checkpoint(out("a")), "--epochs=2",
                        "--statistics-batches=1"}));
  EXPECT_EQ(accuracy(again), accuracy(few));
}

// Between two tests the weights have changed since the last estimation.
TEST_F(Trainer, OtherCheckpointsHaveRunningStatistics) {
  std::string run = out("between");
  runProgram(train({"--epochs=3", "--save-every=5", "--out", run}), [] {
    setenv("FAKE_DIE_AT_STEP", "17", 1); // after a test at step 12
  });
  EXPECT_EQ(readTensor(checkpoint(run), "1.running.evaluation"),
            readTensor(checkpoint(run), "1.running"));
  ProgramResult result = runProgram(
      train({"--steps=12", "--eval-every=0", "--out", out("tested")}));
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(readTensor(checkpoint(out("tested")), "1.running.evaluation"),
            readTensor(checkpoint(out("tested")), "1.running"));
}

TEST_F(Trainer, ResumeNamesWhatDiffers) {
  ASSERT_EQ(runProgram(train({"--steps=20", "--limit=180", "--out", out("r")}))
                .status,
            0);
  std::string file = checkpoint(out("r"));
  auto expect = [&](const std::string &option, const std::string &part) {
    expectFailure(train({"--resume", file, option}), 1, part);
  };
  expect("--seed=9", "the run was started with --seed=1, but this command has "
                     "--seed=9; leave --seed out");
  expect("--schedule=1", "leave --schedule out");
  expect("--augment=crop-flip", "leave --augment out");
  expect("--no-shuffle", "the run was started without --no-shuffle");
  expect("--limit=170", "with --limit=180, but this command has --limit=170");
  expect("--steps=10", "step 20");
  writeMnist(folder / "data", 179, 37, 12);
  expect("--steps=40", "the run has 180 training examples, but --data=" + data +
                           " gives 179; give the data set of the run");
  writeMnist(folder / "data", 200, 37, 12);
  ASSERT_EQ(runProgram(train({"--steps=20", "--out", out("all")})).status, 0);
  expectFailure(train({"--resume", checkpoint(out("all")), "--limit=9"}), 1,
                "the run was started without --limit, but this command has "
                "--limit=9; leave --limit out");
  Bytes images = idxImages(200, 12, 12);
  images.back() ^= 1;
  writeFile(folder / "data/train-images-idx3-ubyte", images);
  expectFailure(train({"--resume", checkpoint(out("all"))}), 1,
                "is not that of the run; give the data set of the run");
  expectFailure(train({"--resume", folder / "nothing"}), 1, "no such file");
  expectFailure(train({"--resume", folder / "data"}), 1, "but a folder");
  ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0666), 0);
  expectFailure(train({"--resume", folder / "fifo"}), 1, "not a regular file");
  expectFailure({"hash", "--checkpoint", folder / "fifo"}, 1,
                "not a regular file");
  expectFailure({"train", "--data", "mnist:" + (folder / "fifo")}, 1,
                "data folder");
  expectFailure({"eval", "--data", "npy:" + (folder / "fifo")}, 1, "fifo");
}

TEST_F(Trainer, FullDiskKeepsTheOldCheckpoint) {
  ASSERT_EQ(runProgram(train({"--steps=5", "--out", out("full")})).status, 0);
  std::string file = checkpoint(out("full")), before = readFile(file);
  auto limit = [] {
    rlimit bytes{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &bytes);
  };
  expectFailure(train({"--steps=9", "--overwrite", "--out", out("full")}), 1,
                "checkpoint.safetensors", limit);
  EXPECT_EQ(readFile(file), before);
  for (const auto &entry : std::filesystem::directory_iterator(out("full")))
    EXPECT_EQ(entry.path().string().find(".tmp"), std::string::npos);
}

TEST_F(Trainer, UnwritableOutput) {
  writeFile(folder / "file", std::string("x"));
  expectFailure(train({"--out", folder / "file"}), 1, "file");
  expectFailure(train({"--out", "/proc/nothing/here"}), 1, "/proc/nothing");
  expectFailure({"info"}, 1, "standard output", [] {
    if (!freopen("/dev/full", "w", stdout))
      _exit(99);
  });
}

TEST_F(Trainer, EvalWithoutACheckpointTestsTheInitialWeights) {
  ProgramResult untrained = runProgram(train({"--steps=0"}));
  ASSERT_EQ(untrained.status, 0) << untrained.err;
  ProgramResult eval = runProgram({"eval", "--data", data});
  ASSERT_EQ(eval.status, 0) << eval.err;
  std::string state = untrained.out.substr(untrained.out.find("state="));
  EXPECT_NE(eval.out.find(state), std::string::npos) << eval.out;
}

TEST_F(Trainer, UsageErrors) {
  auto expect = [&](const std::vector<std::string> &words,
                    const std::string &part) { expectFailure(words, 2, part); };
  expect({}, "no command; expected train, eval");
  expect({"fly"}, "unknown command 'fly'");
  expect({"train"}, "--data");
  expect({"train", "--data"}, "--data");
  expect({"train", "--data", "what:ever"}, "unknown format");
  expect(train({"--epochs=x"}), "--epochs");
  expect(train({"--epochs=-1"}), "--epochs");
  expect(train({"--steps=1.5"}), "--steps");
  expect(train({"--steps=99999999999999999999"}), "--steps");
  expect(train({"--epochs=1", "--steps=1"}), "--epochs");
  expect(train({"--seed=18446744073709551616"}), "--seed");
  expect(train({"--limit=0"}), "--limit");
  expect(train({"--schedule=4,2"}), "--schedule");
  expect(train({"--augment=rotate"}), "--augment");
  expect(train({"--isa=mmx"}), "baseline, future");
  expect(train({"--frobnicate"}), "--frobnicate");
  expect({"train", "--data", data, "--threads=0"}, "--threads");
  expect({"eval"}, "--data");
  expect({"hash"}, "--checkpoint");
  expect({"bench", "--steps=0"}, "--steps");
  expect(train({"--steps=18", "--eval-every"}), "--eval-every: expected a "
                                                "value, but the command ends");
  expect(train({"--steps=1", "--steps=2"}), "--steps: given twice; see");
  expect(train({"--steps=1", "--steps", "2"}), "--steps: given twice; see");
  expect(train({"--no-shuffle=3"}), "--no-shuffle: expected no value");
  expect(train({"--no-shuffle="}), "--no-shuffle: expected no value");
  expectFailure(train({"--fly"}), 2, "; see qtc train --help",
                [] { setenv("QTC_TRAIN_COMMAND", "qtc train x.onnx", 1); });
  expect({"help", "fly"}, "unknown command 'fly'");
}

// An empty value comes from an unset variable: it stands neither for the next
// word nor for the default.
TEST_F(Trainer, EmptyValuesAreUsageErrors) {
  std::string run = out("r");
  ASSERT_EQ(runProgram(train({"--steps=1", "--out", run})).status, 0);
  for (const char *option :
       {"--out", "--resume", "--isa", "--schedule", "--augment", "--seed",
        "--limit", "--eval-every", "--save-every", "--statistics-batches"}) {
    std::string name = option, expected = name + ": expected a value, but ";
    expectFailure(train({name + "=", "--no-shuffle", "--steps=1"}), 2,
                  expected + "got ''");
    expectFailure(train({name, "", "--no-shuffle", "--steps=1"}), 2,
                  expected + "got ''");
    expectFailure(train({name, "--no-shuffle", "--steps=1"}), 2,
                  expected + "the option '--no-shuffle' follows");
  }
  expectFailure({"train", "--data=", "--steps=1"}, 2, "--data: expected");
  expectFailure({"eval", "--data", data, "--checkpoint", ""}, 2,
                "--checkpoint: expected a value");
  expectFailure({"hash", "--checkpoint=", "--tensors"}, 2,
                "--checkpoint: expected a value");
}

TEST_F(Trainer, RunErrors) {
  expectFailure(train({"--isa=future"}), 1, "--isa=future");
  expectFailure(train({"--limit=15"}), 1, "batch of 16");
  expectFailure({"train", "--data", "mnist:/nowhere"}, 1, "/nowhere");
  expectFailure({"hash", "--checkpoint", "/dev/zero"}, 1, "/dev/zero");
  expectFailure({"eval", "--data", data, "--checkpoint", "/nowhere"}, 1,
                "/nowhere");
}

TEST_F(Trainer, HelpVersionInfo) {
  for (const char *option : {"--help", "--version"}) {
    EXPECT_EQ(runProgram({option}).status, 0);
    for (const char *command : {"train", "eval", "bench", "info", "hash"}) {
      ProgramResult result = runProgram({command, option});
      EXPECT_EQ(result.status, 0) << command << result.err;
      EXPECT_NE(result.out, "");
      EXPECT_EQ(result.err, "");
    }
  }
  EXPECT_EQ(runProgram({"help", "eval"}).out,
            runProgram({"eval", "--help"}).out);
  EXPECT_EQ(runProgram({"help"}).out, runProgram({"--help"}).out);
  ProgramResult info = runProgram({"info"});
  EXPECT_NE(info.out.find("1450 (1460 bytes)"), std::string::npos) << info.out;
  EXPECT_NE(info.out.find("8000"), std::string::npos);
  EXPECT_EQ(json::parse(runProgram({"info", "--json"}).out)["batch"], 16);
}

TEST_F(Trainer, Bench) {
  ProgramResult text = runProgram({"bench", "--steps=3", "--threads=2"});
  EXPECT_EQ(text.status, 0);
  EXPECT_EQ(text.err, ""); // sanitizers would speak here
  for (const char *part :
       {"GMAC/s", "% of peak", "images/s", "total", "0.update", "not MAC",
        "% of bound", "copy bandwidth", "peak resident", "helpers ms",
        "(everything else)"})
    EXPECT_NE(text.out.find(part), std::string::npos) << part;
  json bench = json::parse(
      runProgram({"bench", "--steps=3", "--json", "--threads=1"}).out);
  EXPECT_EQ(bench["threads"], 1);
  EXPECT_EQ(bench["ops"].size(), 4u);
  EXPECT_GT(bench["median_milliseconds"], 0);
  EXPECT_GE(bench["percentile_99_milliseconds"], bench["median_milliseconds"]);
  EXPECT_GT(bench["peak_gmacs_per_second"], 0);
  EXPECT_GE(bench["best_peak_gmacs_per_second"],
            bench["peak_gmacs_per_second"]);
  EXPECT_TRUE(bench["ops"][2]["gmacs_per_second"].is_null());
  EXPECT_GT(bench["bandwidth_gigabytes_per_second"], 0);
  EXPECT_GE(bench["best_bandwidth_gigabytes_per_second"],
            bench["bandwidth_gigabytes_per_second"]);
  EXPECT_EQ(bench["ops"][2]["bound"], "memory");
  EXPECT_GT(bench["ops"][2]["bytes"], 0);
  EXPECT_TRUE(bench["ops"][3]["bound"].is_null()); // between operations
  for (int op : {0, 1, 2})
    EXPECT_GE(bench["ops"][op]["percent_of_bound"], 0);
}

/// Columns end, or start, at the same place in every line.
TEST_F(Trainer, BenchTablesLineUp) {
  std::istringstream text(runProgram({"bench", "--steps=1"}).out);
  std::string line;
  size_t end = 0, rows = 0;
  while (std::getline(text, line)) {
    if (line.rfind("op ", 0) == 0 || line.rfind("layer ", 0) == 0)
      end = line.size();
    if (line.empty())
      end = 0;
    if (!end)
      continue;
    EXPECT_EQ(line.size(), end) << line;
    ++rows;
  }
  // 3 operations, between them, total; 2 layers, everything else; 2 heads.
  EXPECT_EQ(rows, 10u);
}

/// Rows of both tables add up to the step, whatever the number of steps.
TEST_F(Trainer, BenchRowsAddUp) {
  for (const char *steps : {"--steps=1", "--steps=2", "--steps=7"}) {
    json bench =
        json::parse(runProgram({"bench", steps, "--json", "--threads=2"}).out);
    double step = bench["milliseconds_per_step"], ops = 0;
    double layers = bench["outside_layers_milliseconds"];
    for (const json &row : bench["ops"])
      ops += row["milliseconds"].get<double>();
    for (const json &row : bench["layers"]) {
      double whole = row["kernel_milliseconds"].get<double>() +
                     row["helper_milliseconds"].get<double>();
      layers += whole;
      EXPECT_GT(row["least_milliseconds"], 0);
      EXPECT_LE(row["least_milliseconds"], whole * (1 + 1e-9));
    }
    EXPECT_NEAR(ops, step, 1e-9 + 1e-6 * step);
    EXPECT_NEAR(layers, step, 1e-9 + 1e-6 * step);
    EXPECT_EQ(bench["layers"].size(), 2u);
    EXPECT_EQ(bench["layers"][1]["pass"], "weight gradient");
    EXPECT_GT(bench["layers"][0]["compute_milliseconds"], 0);
  }
}

TEST_F(Trainer, MemoryReport) {
  ProgramResult result = runProgram(train({"--steps=1", "--memory-report"}));
  EXPECT_NE(result.out.find("state 3904 + arena 4096 = 8000 bytes; "
                            "allocated: 8000 bytes"),
            std::string::npos)
      << result.out;
}
