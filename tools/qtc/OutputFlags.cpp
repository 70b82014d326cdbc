//===- OutputFlags.cpp - Options of outputs and losses --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/OutputFlags.h"

#include "compiler/Support/Files.h"
#include "runtime/include/qtcrt/Usage.h"
#include "tools/qtc/FlagSupport.h"

#include <CLI/CLI.hpp>

#include "llvm/ADT/StringExtras.h"

using namespace qtc;
using namespace qtc::tools;

/// The options of all losses, each name once.
static llvm::SmallVector<SharedOption> getLossOptions() {
  SharedOptions shared;
  for (const Loss &loss : getLosses())
    addReader(shared, "--loss=", loss.name, loss.options);
  return llvm::to_vector(llvm::make_second_range(shared));
}

void OutputFlags::addTo(CLI::App &command) {
  parser = &command;
  command
      .add_option("--output", outputs,
                  "Output of the model that is trained (default: the first); "
                  "may be given several times, with loss=LOSS and with "
                  "weight=FACTOR of this loss in the sum of all")
      ->type_name("NAME[:KEY=VALUE,...]")
      ->allow_extra_args(false);
  command
      .add_option("--class-axis", classAxis,
                  "Dimension of the class scores where an example has a class "
                  "for each of several positions (default: that of a Softmax "
                  "at the end, else 1 of images and the last of sequences)")
      ->type_name("DIM");
  std::vector<std::string> names;
  std::string help = "Loss function (default: that of the scheme, or what the "
                     "end of the model suggests): ";
  for (const Loss &entry : getLosses()) {
    help += (names.empty() ? "" : "; ") + entry.name.str() + ", " +
            entry.summary.str();
    names.push_back(entry.name.str());
  }
  qtcrt::setChoices(command.add_option("--loss", loss, help), names);
  for (const SharedOption &shared : getLossOptions()) {
    const SchemeOption &option = *shared.options.front();
    std::string name = option.name.str();
    CLI::Option *flag =
        command.add_option("--" + name, values[name], shared.describe());
    flag->type_name("VALUE");
    if (!option.defaultValue.empty())
      flag->default_str(option.defaultValue.str());
  }
}

/// What the user wrote; for @FILE, the words of the file with commas between
/// them.
static llvm::Expected<std::string> readList(const std::string &flag,
                                            llvm::StringRef text) {
  constexpr uint64_t kMaxBytes = uint64_t{1} << 28;
  if (!text.consume_front("@"))
    return text.str();
  auto file = readRegularFile(text, "a text file with numbers", kMaxBytes);
  if (!file)
    return refuse(flag, "a list of numbers",
                  "'" + text + "': " + llvm::toString(file.takeError()));
  llvm::SmallVector<llvm::StringRef> words;
  llvm::SplitString((*file)->getBuffer(), words, ", \t\n\v\f\r");
  if (words.empty())
    return refuse(flag, "a list of numbers", "'" + text + "', which has none");
  return llvm::join(words, ",");
}

/// Gives every value its one spelling: checkpoints and the cache compare them
/// as text.
static llvm::Error spellValues(const Loss &loss, OptionValues &values) {
  for (const SchemeOption &option : loss.options) {
    std::string value = values.get(option).str();
    if (option.spell && !value.empty())
      if (llvm::Error error = values.set(option.name, option.spell(value)))
        return error;
  }
  return llvm::Error::success();
}

llvm::Error
OutputFlags::parseOption(const SharedOption &option,
                         std::vector<TrainedOutput> &outputs) const {
  llvm::StringRef key = option.options.front()->name;
  std::string flag = ("--" + key).str();
  llvm::Expected<std::string> value = readList(flag, values.at(key.str()));
  if (!value)
    return value.takeError();
  bool isRead = false;
  for (TrainedOutput &output : outputs) {
    if (!llvm::is_contained(option.readers, output.loss->name))
      continue;
    isRead = true;
    if (llvm::Error error = output.lossValues.set(key, *value))
      return error;
  }
  if (isRead)
    return llvm::Error::success();
  return refuse(flag, option.listReaders(),
                "--loss=" + outputs.front().loss->name);
}

llvm::Error OutputFlags::parseOutputs(FrontEndOptions &options) const {
  options.classAxis = classAxis;
  if (outputs.empty())
    return llvm::Error::success();
  options.outputs.clear();
  for (const std::string &text : outputs) {
    llvm::Expected<TrainedOutput> output = parseOutput(text, *options.scheme);
    if (!output)
      return output.takeError();
    options.outputs.push_back(std::move(*output));
  }
  return llvm::Error::success();
}

llvm::Error OutputFlags::parse(FrontEndOptions &options) const {
  if (llvm::Error error = parseOutputs(options))
    return error;
  llvm::SmallVector<SharedOption> given = getLossOptions();
  llvm::erase_if(given, [&](const SharedOption &option) {
    return !isGiven(*parser, ("--" + option.options.front()->name).str());
  });
  if (!loss.empty() || !given.empty()) {
    llvm::StringRef name = options.scheme->losses.front();
    llvm::Expected<const Loss *> found =
        findLossOf(*options.scheme, "--loss", loss.empty() ? name : loss);
    if (!found)
      return found.takeError();
    for (TrainedOutput &output : options.outputs)
      if (!output.loss)
        output.setLoss(**found);
  }
  for (const SharedOption &option : given)
    if (llvm::Error error = parseOption(option, options.outputs))
      return error;
  for (TrainedOutput &output : options.outputs) {
    if (!output.loss)
      continue;
    if (llvm::Error error =
            readConstants(*output.loss, output.lossValues).takeError())
      return error;
    if (llvm::Error error = spellValues(*output.loss, output.lossValues))
      return error;
  }
  return checkClassAxis(options);
}

/// Checks that an output may be scores of classes where their dimension is
/// given.
llvm::Error OutputFlags::checkClassAxis(const FrontEndOptions &options) const {
  bool haveClasses =
      llvm::any_of(options.outputs, [](const TrainedOutput &output) {
        return !output.loss || output.loss->takesClasses;
      });
  if (!classAxis || haveClasses)
    return llvm::Error::success();
  return refuse("--class-axis", "a loss of classes",
                "--loss=" + options.outputs.front().loss->name);
}
