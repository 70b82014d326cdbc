//===- CommandLine.cpp - what the user asks for ---------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/CommandLine.h"

#include "qtcrt/DataSet.h"
#include "qtcrt/Error.h"
#include "qtcrt/Printable.h"

#include <CLI/CLI.hpp>
#include <cctype>
#include <cstdio>

using namespace qtcrt;

namespace {

constexpr uint64_t maxThreads = 1024;
constexpr uint64_t maxEpochs = 1000000000;
constexpr uint64_t maxSteps = uint64_t{1} << 62;

bool parseNatural(const std::string &text, uint64_t &value) {
  value = 0;
  if (text.empty())
    return false;
  for (char digit : text)
    if (digit < '0' || digit > '9' ||
        __builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, uint64_t(digit - '0'), &value))
      return false;
  return true;
}

/// An option that takes a decimal number in [low, high].
template <typename Target>
CLI::Option *addNumber(CLI::App &app, const std::string &name, Target &target,
                       uint64_t low, uint64_t high, const std::string &help) {
  auto store = [&target, name, low, high](const std::string &text) {
    uint64_t value;
    if (!parseNatural(text, value) || value < low || value > high)
      throw CLI::ValidationError(name, concat("expected an integer from ", low,
                                              " to ", high, ", but got ",
                                              inQuotes(text)));
    target = value;
  };
  return app.add_option_function<std::string>(name, store, help)
      ->type_name("N");
}

CLI::Option *addText(CLI::App &app, const std::string &name,
                     std::optional<std::string> &target,
                     const std::string &help) {
  auto store = [&target](const std::string &text) { target = text; };
  return app.add_option_function<std::string>(name, store, help);
}

std::string dataHelp() {
  std::string help = "Data set, one of:";
  for (const DataFormat *format = dataFormats; format->name; ++format)
    help += concat("\n", format->name, ":", format->argument, "  ",
                   format->summary);
  return help;
}

void addMachine(CLI::App &app, Options &options, const qtcrt_model &model) {
  std::string names;
  for (uint64_t i = 0; i < model.variant_count; ++i)
    names += (i ? ", " : "") + std::string(model.variants[i].name);
  addNumber(app, "--threads", options.threads, 1, maxThreads,
            "Threads (default: all processors available)");
  app.add_option("--isa", options.isa,
                 "Instruction set (default: the strongest supported): " + names)
      ->type_name("NAME");
}

void addTrain(CLI::App &app, Options &options, const qtcrt_model &model) {
  CLI::App &train = *app.add_subcommand("train", "Train the model");
  train.add_option("--data", options.data, dataHelp())
      ->required()
      ->type_name("SPEC");
  CLI::Option *epochs =
      addNumber(train, "--epochs", options.epochs, 0, maxEpochs,
                "Passes over the training set (default: 5)");
  addNumber(train, "--steps", options.steps, 0, maxSteps,
            "Train for N batches instead")
      ->excludes(epochs);
  addNumber(
      train, "--seed", options.seed, 0, UINT64_MAX,
      concat("Seed of all random numbers (default: ", model.default_seed, ")"));
  addMachine(train, options, model);
  train
      .add_option("--out", options.out,
                  "Folder for checkpoint.safetensors and metrics.jsonl "
                  "(default: runs/MODEL-N, the first N that is free)")
      ->type_name("DIR");
  train.add_flag(
      "--overwrite", options.overwrite,
      "Start a new run in a folder with a checkpoint, which is lost");
  train
      .add_option("--resume", options.resume,
                  "Continue from this checkpoint, bit for bit")
      ->type_name("FILE");
  addText(train, "--augment", options.augment,
          "none or crop-flip (default: none)")
      ->type_name("NAME");
  addText(train, "--schedule", options.schedule,
          concat("Learning-rate list: value, then value@epoch or ",
                 "value@percent% (default: ", model.default_schedule, ")"))
      ->type_name("LIST");
  train.add_flag("--no-shuffle", options.noShuffle,
                 "Take the training set in file order");
  addNumber(train, "--limit", options.limit, 1, maxSteps,
            "Use only the first N training examples");
  addNumber(train, "--eval-every", options.evalEvery, 0, maxEpochs,
            "Test every N epochs, 0: only at the end (default: 1)");
  addNumber(train, "--save-every", options.saveEvery, 0, maxSteps,
            "Write the checkpoint every N steps, too");
  train.add_flag("--memory-report", options.memoryReport,
                 "Print planned, allocated and peak memory");
}

void addOthers(CLI::App &app, Options &options, const qtcrt_model &model) {
  CLI::App &eval =
      *app.add_subcommand("eval", "Test a checkpoint or the initial weights");
  eval.add_option("--data", options.data, dataHelp())
      ->required()
      ->type_name("SPEC");
  eval.add_option("--checkpoint", options.checkpoint,
                  "Checkpoint to test (default: the initial weights)")
      ->type_name("FILE");
  addMachine(eval, options, model);

  CLI::App &bench =
      *app.add_subcommand("bench", "Measure speed on synthetic input");
  addNumber(bench, "--steps", options.steps, 1, 1000000,
            "Steps to measure (default: 20)");
  addMachine(bench, options, model);
  bench.add_flag("--json", options.json, "Print one JSON object");

  CLI::App &info =
      *app.add_subcommand("info", "Print what was compiled and its memory");
  info.add_flag("--json", options.json, "Print one JSON object");

  CLI::App &hash =
      *app.add_subcommand("hash", "Print the state hash of a checkpoint");
  hash.add_option("--checkpoint", options.checkpoint, "Checkpoint to read")
      ->required()
      ->type_name("FILE");
  hash.add_flag("--tensors", options.tensors,
                "Print exponent and CRC-32 of every tensor instead");
}

Command selected(const CLI::App &app) {
  static const std::pair<const char *, Command> commands[] = {
      {"train", Command::Train},
      {"eval", Command::Eval},
      {"bench", Command::Bench},
      {"info", Command::Info},
      {"hash", Command::Hash}};
  for (const auto &entry : commands)
    if (app.got_subcommand(entry.first))
      return entry.second;
  return Command::None;
}

/// CLI11's text as one line in this project's style.
std::string usageText(const CLI::ParseError &error, const std::string &name) {
  std::string text = error.what();
  for (char &letter : text)
    if (static_cast<unsigned char>(letter) < 32)
      letter = ' ';
  if (!text.empty())
    text[0] = static_cast<char>(std::tolower(text[0]));
  while (!text.empty() && (text.back() == '.' || text.back() == ' '))
    text.pop_back();
  return text + "; see " + name + " --help";
}

} // namespace

Options qtcrt::parseCommandLine(int argc, char **argv,
                                const qtcrt_model &model) {
  Options options;
  std::string program = argc > 0 && argv[0] ? argv[0] : "trainer";
  std::string name = printable(program.substr(program.rfind('/') + 1));
  CLI::App app(concat("Trainer of ", inQuotes(model.name), " (scheme ",
                      model.scheme, "), compiled by qtc"),
               name);
  addTrain(app, options, model);
  addOthers(app, options, model);
  std::string version = concat(name, " (qtc ", model.compiler_version,
                               ", runtime interface ", QTCRT_ABI_VERSION, ")");
  app.set_version_flag("--version", version);
  for (CLI::App *command : app.get_subcommands({}))
    command->set_version_flag("--version", version);
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() != 0)
      throw UsageError(usageText(error, name));
    app.exit(error); // prints help or version
    return options;
  }
  options.command = selected(app);
  options.words.assign(argv, argv + argc);
  return options;
}
