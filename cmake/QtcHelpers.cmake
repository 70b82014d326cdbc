# Part of the qtc project, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Wrappers for what every folder of the compiler does. Headers are included by their path in the repository,
# generated ones by their path in the build folder, which has the same shape.
#
#   add_qtc_library(QtcFoldScales FoldScales.cpp PCH DEPENDS FoldScalesIncGen LINK_LIBS QTrainDialect)
#   add_qtc_tool(qtc-opt qtc-opt.cpp LINK_LIBS QtcRegister)
#   add_qtc_dialect_tablegen(QTrainIncGen NAMESPACE qtrain DIALECT QTrainDialect.td OPS QTrainOps.td)
#   add_qtc_pass_tablegen(FoldScalesIncGen FoldScales.td)
#   add_qtc_doc(QTrain QTrainOps.td -gen-dialect-doc -dialect=qtrain)

# What every target that speaks MLIR needs. Debian's libMLIR.so does not name libLLVM.so, and static components
# next to the shared library register their options twice, so these two are the only LLVM libraries ever named.
add_library(QtcMLIR INTERFACE)
target_include_directories(QtcMLIR INTERFACE ${PROJECT_SOURCE_DIR})
target_include_directories(QtcMLIR SYSTEM INTERFACE
  ${PROJECT_BINARY_DIR} ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(QTC_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
target_compile_options(QtcMLIR INTERFACE ${QTC_LLVM_DEFINITIONS}
  -Wall -Wextra -Wno-unused-parameter $<$<CONFIG:Release>:-O2>)
target_link_libraries(QtcMLIR INTERFACE MLIR LLVM)

# MLIR's headers take 6 to 10 s a file to parse; precompiled once, 1 s.
add_library(QtcPCH STATIC EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/cmake/Precompiled.cpp)
target_link_libraries(QtcPCH PRIVATE QtcMLIR)
target_compile_options(QtcPCH PRIVATE -fno-exceptions)
target_precompile_headers(QtcPCH PRIVATE ${PROJECT_SOURCE_DIR}/cmake/Precompiled.h)

# add_qtc_library(NAME SOURCE... [PCH] [EXCEPTIONS] [DEPENDS TARGET...] [LINK_LIBS LIBRARY...])
#   PCH         start from the precompiled MLIR headers
#   EXCEPTIONS  compile with exceptions, as protobuf and ONNX need; cannot share the precompiled headers
#   DEPENDS     targets that generate headers
#   LINK_LIBS   libraries it uses; users of this one get them too
function(add_qtc_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "PCH;EXCEPTIONS" "" "SOURCES;DEPENDS;LINK_LIBS")
  if(ARG_PCH AND ARG_EXCEPTIONS)
    message(FATAL_ERROR "${name}: the precompiled headers are compiled without exceptions; drop PCH or EXCEPTIONS")
  endif()
  add_library(${name} STATIC ${ARG_SOURCES} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC QtcMLIR ${ARG_LINK_LIBS})
  if(NOT ARG_EXCEPTIONS)
    target_compile_options(${name} PRIVATE -fno-exceptions)
  endif()
  if(ARG_PCH AND QTC_PRECOMPILE)
    target_precompile_headers(${name} REUSE_FROM QtcPCH)
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# add_qtc_tool(NAME SOURCE... [EXCEPTIONS] [DEPENDS TARGET...] [LINK_LIBS LIBRARY...]): a program in build/bin
function(add_qtc_tool name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "EXCEPTIONS" "" "SOURCES;DEPENDS;LINK_LIBS")
  add_executable(${name} ${ARG_SOURCES} ${ARG_UNPARSED_ARGUMENTS})
  # The allocator comes before everything that allocates.
  target_link_libraries(${name} PRIVATE $<$<BOOL:${QTC_JEMALLOC}>:${QTC_JEMALLOC_LIBRARY}> QtcMLIR ${ARG_LINK_LIBS})
  if(NOT ARG_EXCEPTIONS)
    target_compile_options(${name} PRIVATE -fno-exceptions)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# qtc_tablegen(FILE.td OUTPUT ARGUMENT...): one run of mlir-tblgen; collect outputs with add_public_tablegen_target
macro(qtc_tablegen td output)
  set(LLVM_TARGET_DEFINITIONS ${td})
  mlir_tablegen(${output} ${ARGN} EXTRA_INCLUDES ${PROJECT_SOURCE_DIR} ${MLIR_INCLUDE_DIRS})
endmacro()

# add_qtc_dialect_tablegen(TARGET NAMESPACE NAME [KIND FILE.td...]...)
#   KIND is DIALECT, OPS, TYPES, ATTRS, ENUMS, OP_INTERFACES, TYPE_INTERFACES, ATTR_INTERFACES or REWRITES.
#   Each file gives STEM.h.inc and STEM.cpp.inc (REWRITES: STEM.h.inc). A file named under several kinds gives
#   STEM<Kind>.h.inc for all kinds but the first one, e.g. QTrain.td: QTrain.h.inc (ops), QTrainDialect.h.inc.
function(add_qtc_dialect_tablegen target)
  set(kinds OPS DIALECT TYPES ATTRS ENUMS OP_INTERFACES TYPE_INTERFACES ATTR_INTERFACES REWRITES)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "NAMESPACE" "${kinds}")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${target}: unexpected ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  set(OPS_generators op)
  set(OPS_filter "")
  set(DIALECT_generators dialect)
  set(DIALECT_filter -dialect=${ARG_NAMESPACE})
  set(TYPES_generators typedef)
  set(TYPES_filter -typedefs-dialect=${ARG_NAMESPACE})
  set(ATTRS_generators attrdef)
  set(ATTRS_filter -attrdefs-dialect=${ARG_NAMESPACE})
  set(ENUMS_generators enum)
  set(OP_INTERFACES_generators op-interface)
  set(TYPE_INTERFACES_generators type-interface)
  set(ATTR_INTERFACES_generators attr-interface)
  set(suffix_OPS Ops)
  set(suffix_DIALECT Dialect)
  set(suffix_TYPES Types)
  set(suffix_ATTRS Attributes)
  set(suffix_ENUMS Enums)
  set(suffix_OP_INTERFACES OpInterfaces)
  set(suffix_TYPE_INTERFACES TypeInterfaces)
  set(suffix_ATTR_INTERFACES AttrInterfaces)
  set(suffix_REWRITES Rewrites)
  set(seen "")
  foreach(kind IN LISTS kinds)
    foreach(td IN LISTS ARG_${kind})
      get_filename_component(stem ${td} NAME_WE)
      if(stem IN_LIST seen)
        string(APPEND stem ${suffix_${kind}})
      endif()
      list(APPEND seen ${stem})
      if(kind STREQUAL REWRITES)
        qtc_tablegen(${td} ${stem}.h.inc -gen-rewriters)
      else()
        qtc_tablegen(${td} ${stem}.h.inc -gen-${${kind}_generators}-decls ${${kind}_filter})
        qtc_tablegen(${td} ${stem}.cpp.inc -gen-${${kind}_generators}-defs ${${kind}_filter})
      endif()
    endforeach()
  endforeach()
  add_public_tablegen_target(${target})
endfunction()

# add_qtc_pass_tablegen(TARGET FILE.td): STEM.h.inc with GEN_PASS_DECL, GEN_PASS_DEF_<PASS> and registerSTEMPasses(),
# and STEM.md among the generated pages
function(add_qtc_pass_tablegen target td)
  get_filename_component(stem ${td} NAME_WE)
  qtc_tablegen(${td} ${stem}.h.inc -gen-pass-decls -name=${stem})
  add_public_tablegen_target(${target})
  add_qtc_doc(${stem} ${td} -gen-pass-doc)
endfunction()

# add_qtc_doc(NAME FILE.td ARGUMENT...): a reference page, docs/NAME.md in the build folder, written by target qtc-doc
function(add_qtc_doc name td)
  if(NOT TARGET qtc-doc)
    add_custom_target(qtc-doc COMMENT "Reference pages in ${PROJECT_BINARY_DIR}/docs")
  endif()
  qtc_tablegen(${td} ${name}.md ${ARGN})
  add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/docs/${name}.md
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_BINARY_DIR}/${name}.md ${PROJECT_BINARY_DIR}/docs/${name}.md
    DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${name}.md)
  add_custom_target(${name}Doc DEPENDS ${PROJECT_BINARY_DIR}/docs/${name}.md)
  add_dependencies(qtc-doc ${name}Doc)
endfunction()
