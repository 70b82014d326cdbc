//===- CommandLine.cpp - the user's options -------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/CommandLine.h"

#include "qtcrt/DataSet.h"
#include "qtcrt/Error.h"
#include "qtcrt/Isa.h"
#include "qtcrt/Position.h"
#include "qtcrt/Printable.h"
#include "qtcrt/ShellCommand.h"
#include "qtcrt/Usage.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>

using namespace qtcrt;

namespace {

/// The group of options that help does not list.
constexpr const char *hidden = "";
constexpr uint64_t maxBatch = uint64_t{1} << 24;
constexpr uint64_t maxThreads = 1024;
constexpr uint64_t maxEpochs = 1000000000;
constexpr uint64_t maxSteps = uint64_t{1} << 62;

CLI::Option *addText(CLI::App &app, const std::string &name,
                     std::optional<std::string> &target,
                     const std::string &help) {
  auto store = [&target](const std::string &text) { target = text; };
  return app.add_option_function<std::string>(name, store, help);
}

std::string dataHelp() {
  std::string help = "Data set, one of";
  for (const DataFormat *format = dataFormats; format->name; ++format)
    help += concat("\n", format->name, ":", format->argument, ": ",
                   format->summary);
  return help;
}

/// ` (default: VALUE)` where `value` is known.
std::string defaultText(const std::string &value) {
  return value.empty() ? "" : concat(" (default: ", value, ")");
}

/// What the values of a schedule are, and an example with a ramp.
std::string describeSchedule(const qtcrt_model *model) {
  if (!model)
    return "Values: of NITI mu, the number of bits of a gradient that are "
           "applied (one more doubles the step); of WAGE powers of two; of "
           "fp32 the rate\n"
           "Example for fp32: 0,linear:0.1@5%,cosine:0@100%";
  switch (static_cast<qtcrt_schedule_kind>(model->schedule_kind)) {
  case QTCRT_SCHEDULE_INTEGER:
    return "Values: integers, one more doubles the step (SGD: mu, the number "
           "of bits of a gradient that are applied)\n"
           "Example: 2,cosine:-6@100%";
  case QTCRT_SCHEDULE_LOG2:
    return "Values: eta, powers of two\nExample: 8,cosine:1/8@100%";
  case QTCRT_SCHEDULE_FLOAT:
    break;
  }
  return "Values: the rate\nExample: 0,linear:0.1@5%,cosine:0@100%";
}

std::string scheduleHelp(const qtcrt_model *model) {
  return concat(
      "Learning-rate list: value, then value@epoch or value@percent%; linear: "
      "or cosine: before a value moves there from the last one",
      defaultText(model ? model->default_schedule : "that of the scheme"), "\n",
      describeSchedule(model));
}

/// The option is known to all trainers, so that it is not called unknown where
/// it has no effect.
void addStatisticsBatches(CLI::App &train, Options &options,
                          const qtcrt_model *model) {
  std::string help = "Estimate the statistics of normalizations on N training "
                     "batches before every test";
  help += model ? defaultText(std::to_string(model->estimate_batches))
                : "; models with BatchNormalization only";
  CLI::Option *option = addNumber(train, "--statistics-batches",
                                  options.statisticsBatches, 1, maxSteps, help);
  if (!model || model->estimate_batches)
    return;
  // CLI11 does not name hidden options.
  auto refuse = [](std::string &) -> std::string {
    throw UsageError(noStatisticsError);
  };
  option->group(hidden)->check(CLI::Validator(refuse, ""));
}

void addAverage(CLI::App &train, Options &options) {
  auto check = [](std::string &text) {
    Position position;
    std::string expected = Position::parse(text, position);
    return expected.empty()
               ? ""
               : concat("expected ", expected, ", such as 5 or 70%, but got ",
                        inQuotes(text));
  };
  CLI::Option *from =
      addText(train, "--average-from", options.averageFrom,
              "Average the weights from this epoch or percentage of the run "
              "on, and test the average; training goes on with the weights")
          ->type_name("EPOCH|PERCENT%")
          ->check(CLI::Validator(check, ""));
  addNumber(
      train, "--average-every", options.averageEvery, 1, maxSteps,
      concat("Steps from one weight of the average to the next (default: ",
             defaultAverageEvery, ")"))
      ->needs(from);
}

/// `otherwise` says what happens if the option is left out.
void addBatch(CLI::App &app, Options &options, const qtcrt_model &model,
              const std::string &otherwise) {
  addNumber(app, "--batch", options.batch, 1, maxBatch,
            concat("Examples per step, one of ", listBatches(model),
                   " (default: ", otherwise, ")"));
}

void addMachine(CLI::App &app, Options &options, const qtcrt_model *model) {
  std::string names = model ? ": " + listVariants(*model) : "";
  addNumber(app, "--threads", options.threads, 1, maxThreads,
            "Threads (default: all processors available)");
  app.add_option("--isa", options.isa,
                 "Instruction set (default: the strongest supported)" + names)
      ->type_name("NAME");
}

} // namespace

void qtcrt::addTrainOptions(CLI::App &train, Options &options,
                            const qtcrt_model *model) {
  auto checkFormat = [](std::string &spec) {
    findDataFormat(spec); // throws UsageError
    return std::string();
  };
  train.add_option("--data", options.data, dataHelp())
      ->required()
      ->type_name("SPEC")
      ->check(CLI::Validator(checkFormat, ""));
  CLI::Option *epochs =
      addNumber(train, "--epochs", options.epochs, 0, maxEpochs,
                "Passes over the training set (default: 5)");
  addNumber(train, "--steps", options.steps, 0, maxSteps,
            "Train for N batches instead of epochs")
      ->excludes(epochs);
  // The compiler has an option of this name, so `qtc train` has it already.
  if (model)
    addBatch(train, options, *model, "the first, or that of the run to resume");
  addNumber(train, "--seed", options.seed, 0, UINT64_MAX,
            "Seed of all random numbers" +
                defaultText(std::to_string(model ? model->default_seed : 1)));
  addMachine(train, options, model);
  train
      .add_option("--out", options.out,
                  "Folder for checkpoint.safetensors and metrics.jsonl "
                  "(default: runs/MODEL-N, the first N that is free)")
      ->type_name("DIR");
  train.add_flag(
      "--overwrite", options.overwrite,
      "Replace the checkpoint of another run in the folder of --out");
  train
      .add_option("--resume", options.resume,
                  "Continue from this checkpoint, bit for bit")
      ->type_name("FILE");
  setChoices(addText(train, "--augment", options.augment,
                     "Random changes of training images (default: none)"),
             {"none", "crop-flip"});
  addText(train, "--schedule", options.schedule, scheduleHelp(model))
      ->type_name("LIST");
  train.add_flag("--no-shuffle", options.noShuffle,
                 "Take the training set in file order");
  addNumber(train, "--limit", options.limit, 1, maxSteps,
            "Use only the first N training examples");
  addNumber(train, "--eval-every", options.evalEvery, 0, maxEpochs,
            "Test every N epochs, 0: only at the end (default: 1)");
  addStatisticsBatches(train, options, model);
  addAverage(train, options);
  addNumber(train, "--save-every", options.saveEvery, 0, maxSteps,
            "Also write the checkpoint every N steps (default: 0, only after "
            "epochs)");
  train.add_flag("--memory-report", options.memoryReport,
                 "Print planned, allocated and peak memory");
}

namespace {

void addOthers(CLI::App &app, Options &options, const qtcrt_model &model) {
  CLI::App &eval =
      *app.add_subcommand("eval", "Test a checkpoint or the initial weights");
  eval.add_option("--data", options.data, dataHelp())
      ->required()
      ->type_name("SPEC");
  eval.add_option("--checkpoint", options.checkpoint,
                  "Checkpoint to test (default: the initial weights)")
      ->type_name("FILE");
  addBatch(eval, options, model, "the first");
  addMachine(eval, options, &model);

  CLI::App &bench =
      *app.add_subcommand("bench", "Measure speed on synthetic input");
  addNumber(bench, "--steps", options.steps, 1, 1000000,
            "Steps to measure (default: 20)");
  addBatch(bench, options, model, "the first");
  addMachine(bench, options, &model);
  bench.add_flag("--json", options.json, "Print one JSON object");

  CLI::App &info = *app.add_subcommand(
      "info", "Print what the trainer was compiled from and for");
  info.add_flag("--json", options.json, "Print one JSON object");

  CLI::App &hash =
      *app.add_subcommand("hash", "Print the state hash of a checkpoint");
  hash.add_option("--checkpoint", options.checkpoint, "Checkpoint to read")
      ->required()
      ->type_name("FILE");
  hash.add_flag("--tensors", options.tensors,
                "Print the exponent and CRC-32 of every tensor instead");
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

} // namespace

Options qtcrt::parseCommandLine(int argc, char **argv,
                                const qtcrt_model &model) {
  Options options;
  std::string program = argc > 0 && argv[0] ? argv[0] : "trainer";
  // `qtc train` starts trainers from its cache, whose names mean nothing.
  std::string name = std::getenv(commandVariable)
                         ? "qtc"
                         : printable(program.substr(program.rfind('/') + 1));
  CLI::App app(concat("Trainer of ", inQuotes(model.name), " (scheme ",
                      model.scheme, "), compiled by qtc"),
               name);
  app.formatter(std::make_shared<HelpFormatter>());
  addTrainOptions(*app.add_subcommand("train", "Train the model"), options,
                  &model);
  addOthers(app, options, model);
  addHelpCommand(app);
  std::string version = concat(name, " (qtc ", model.compiler_version,
                               ", runtime interface ", QTCRT_ABI_VERSION, ")");
  app.set_version_flag("--version", version, versionHelp);
  for (CLI::App *command : app.get_subcommands({}))
    command->set_version_flag("--version", version)->group(hidden);
  app.require_subcommand(1);
  try {
    parseWords(app, {argv + std::min(argc, 1), argv + argc});
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() != 0)
      throw UsageError(describeUsageError(app, error));
    app.exit(error); // prints help or version
    return options;
  }
  options.command = selected(app);
  options.words.assign(argv, argv + argc);
  return options;
}
