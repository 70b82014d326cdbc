//===- TrainerMain.cpp - commands and errors of a trainer -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Trainer.h"

#include "core/Commands.h"
#include "qtcrt/Error.h"
#include "qtcrt/Printable.h"
#include "qtcrt/Session.h"
#include "qtcrt/StandardStreams.h"

#include <csignal>
#include <cstdio>
#include <new>

using namespace qtcrt;

namespace {

int dispatch(const qtcrt_model &model, const Options &options) {
  switch (options.command) {
  case Command::None:
    return 0;
  case Command::Train:
    return runTrain(model, options);
  case Command::Eval:
    return runEval(model, options);
  case Command::Bench:
    return runBench(model, options);
  case Command::Info:
    return runInfo(model, options);
  case Command::Hash:
    return runHash(model, options);
  }
  return 0;
}

int report(const std::string &message, int status) {
  std::fflush(stdout);
  std::fprintf(stderr, "error: %s\n", printable(message).c_str());
  return status;
}

int runGuarded(int argc, char **argv, const qtcrt_model &model) {
  try {
    checkModel(model);
    int status = dispatch(model, parseCommandLine(argc, argv, model));
    if (int error = flushStdout())
      fail("cannot write to standard output: ", describeErrno(error));
    return status;
  } catch (const UsageError &error) {
    return report(error.what(), 2);
  } catch (const Error &error) {
    return report(error.what(), 1);
  } catch (const std::bad_alloc &) {
    return report("out of memory; free memory or use a smaller data set", 1);
  } catch (const std::exception &error) {
    return report(
        concat("unexpected failure: ", error.what(), "; please report it"), 1);
  }
}

} // namespace

int qtcrt::trainerMain(int argc, char **argv, const qtcrt_model &model) {
  openStandardStreams();
  // A file-size limit must make a write fail rather than end the process.
  std::signal(SIGXFSZ, SIG_IGN);
  return runGuarded(argc, argv, model);
}
