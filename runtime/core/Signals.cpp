//===- Signals.cpp - orderly interruption ---------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/Signals.h"

#include "core/AtomicFile.h"

#include <atomic>
#include <csignal>
#include <unistd.h>

namespace {

std::atomic<int> pending{0};
static_assert(std::atomic<int>::is_always_lock_free, "used in a handler");

void note(int signal) {
  if (pending.exchange(signal) == 0)
    return;
  qtcrt::removeUnfinishedFile();
  _exit(128 + signal);
}

} // namespace

void qtcrt::catchInterrupts() {
  struct sigaction action {};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  struct sigaction old {};
  // nohup has SIGHUP ignored so that the run outlives the terminal.
  if (sigaction(SIGHUP, nullptr, &old) == 0 && old.sa_handler != SIG_IGN)
    sigaction(SIGHUP, &action, nullptr);
}

int qtcrt::pendingInterrupt() { return pending.load(); }
