# SPDX-License-Identifier: MIT
# Makes the page of a product's commands and compares it with the one in the tree.
execute_process(COMMAND "${PROGRAM}" ${PROFILE} OUTPUT_FILE "${MADE}" RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ${PROFILE} failed: ${result}")
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" -E compare_files "${MADE}" "${PAGE}"
    RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${PAGE} is not what the table says. If the table is right:\n"
        "    ${PROGRAM} ${PROFILE} > ${PAGE}")
endif()
