package mailindex

import "slices"

// A record is u32 uid, u8 flags, and the fields of the extensions.
const recordFixed = 5

// layout places the fields of extensions in the records of a main index as
// Dovecot does: the least aligned first, so that they fill the gap behind the
// flags. It returns the places and the size of a record.
func layout(list []extension) ([]field, int) {
	order := make([]int, 0, len(list))
	for i := range list {
		if list[i].field.size > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return list[i].align - list[j].align })
	fields, end, widest := make([]field, len(list)), recordFixed, 4
	for _, i := range order {
		end = alignTo(end, list[i].align)
		fields[i] = field{end, list[i].field.size}
		end += list[i].field.size
		widest = max(widest, list[i].align)
	}
	return fields, max(8, alignTo(end, widest))
}

func alignTo(n, align int) int { return (n + align - 1) / align * align }

// fieldsOf returns where the fields are that list says.
func fieldsOf(list []extension) []field {
	fields := make([]field, len(list))
	for i := range list {
		fields[i] = list[i].field
	}
	return fields
}
