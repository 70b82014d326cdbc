//===- TaskSharing.cpp - Tasks that variants have in common ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/CPU/TaskSharing.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace qtc;

/// The text of `function`, without its name, and of the globals that it refers
/// to.
static std::string describe(LLVM::LLVMFuncOp function, SymbolTable &symbols) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  flags.useLocalScope();
  std::string name = function.getSymName().str();
  function.setSymName("task");
  function.print(stream, flags);
  function.setSymName(name);
  function.walk([&](LLVM::AddressOfOp address) {
    if (auto global = symbols.lookup<LLVM::GlobalOp>(address.getGlobalName()))
      global.print(stream, flags);
  });
  return text;
}

static std::string getContentName(LLVM::LLVMFuncOp function,
                                  SymbolTable &symbols) {
  std::string text = describe(function, symbols);
  llvm::XXH128_hash_t hash =
      llvm::xxh3_128bits(llvm::arrayRefFromStringRef(text));
  return llvm::formatv("qtc_task_{0:x-16}{1:x-16}", hash.high64, hash.low64);
}

void cpu::shareTasks(ModuleOp module, llvm::StringSet<> &known) {
  SymbolTable symbols(module);
  llvm::StringMap<std::string> names;
  for (auto function :
       llvm::make_early_inc_range(module.getOps<LLVM::LLVMFuncOp>())) {
    if (function.isExternal() || function.getOptimizeNone() ||
        function.getLinkage() != LLVM::Linkage::Internal)
      continue;
    std::string name = getContentName(function, symbols);
    names[function.getSymName()] = name;
    // Functions of one module can differ only in tables of equal content.
    if (module.lookupSymbol(name)) {
      function.erase();
      continue;
    }
    function.setSymName(name);
    function.setLinkage(LLVM::Linkage::External);
    function.setVisibility_(LLVM::Visibility::Hidden);
    if (!known.insert(name).second) {
      function.getBody().dropAllReferences();
      function.getBody().getBlocks().clear();
    }
  }
  module.walk([&](LLVM::CallOp call) {
    if (!call.getCallee())
      return;
    if (auto found = names.find(*call.getCallee()); found != names.end())
      call.setCallee(found->second);
  });
}
