/*
 * demangle - names as the programmer wrote them
 *
 * Contract
 *   - C++ (Itanium) and Rust (both manglings) are demangled, anything else is
 *     returned as it is;
 *   - parameters and return types are left out, template arguments stay:
 *     std::vector<int>::push_back; a Rust hash at the end goes;
 *   - what everybody calls std::string and std::string_view is called so;
 *   - ABI tags ([abi:cxx11]) go;
 *   - the suffixes that compilers give to pieces and clones of a function
 *     (.isra.0, .part.1, .constprop.0, .cold, .lto_priv.0, .llvm.123) go, so
 *     that a function has one name whether or not there is debug information.
 */
#ifndef ANALYZER_SYMBOLS_DEMANGLE_H
#define ANALYZER_SYMBOLS_DEMANGLE_H

/* Needs free(). NULL only when memory ran out. */
char *demangle(const char *symbol);

#endif
