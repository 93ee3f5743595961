/*
 * The menu: 8 categories and their products. Prices in cents; a quantity of 0 is not limited.
 */
#include "tests/sandbox/menu.h"

const struct menu_category menu_categories[] = {
	{ 1, "Pizza", "Stone-oven pizza, dough risen for two days", "pizza", "A pizza with basil on a wooden board" },
	{ 2, "Burgers", "Pressed on the grill when you order", "burgers", "A burger in a toasted bun" },
	{ 3, "Sushi & Poke", "Rice cooked every hour, fish of the day", "sushi", "A plate of assorted sushi" },
	{ 4, "Noodles & Curry", "From the wok and the clay pot", "noodles", "A bowl of noodles with herbs" },
	{ 5, "Salads & Bowls", "Crisp, colourful, filling", "salads", "A bowl of salad seen from above" },
	{ 6, "Breakfast & Bakery", "Baked here since five in the morning", "bakery", "Croissants on a tray" },
	{ 7, "Desserts", "Save some room", "desserts", "A slice of cake with berries" },
	{ 8, "Drinks", "Cold, hot and freshly pressed", "drinks", "Three glasses of lemonade" },
};
const size_t menu_n_categories = sizeof(menu_categories) / sizeof(menu_categories[0]);

const struct menu_product menu_products[] = {
	{ 1, 1, "Margherita", "San Marzano tomatoes, fior di latte, basil, olive oil", 1050, 0, 4.8, "vegetarian" },
	{ 2, 1, "Marinara", "Tomatoes, garlic, oregano, olive oil; no cheese", 890, 0, 4.5, "vegan,lactose-free" },
	{ 3, 1, "Diavola", "Spicy salami, tomatoes, mozzarella, chilli honey", 1290, 0, 4.7, "spicy" },
	{ 4, 1, "Quattro Formaggi", "Mozzarella, gorgonzola, fontina, Parmesan", 1350, 0, 4.6, "vegetarian" },
	{ 5, 1, "Funghi", "Roasted mushrooms, thyme, mozzarella, truffle oil", 1320, 0, 4.4, "vegetarian" },
	{ 6, 1, "Prosciutto e Rucola", "Parma ham, rocket, Parmesan, cherry tomatoes", 1490, 0, 4.7, "" },
	{ 7, 1, "Verdure", "Courgette, aubergine, peppers, red onion, pesto", 1190, 0, 4.3, "vegetarian" },
	{ 8, 1, "Gluten-free Margherita", "The classic on a buckwheat base", 1250, 12, 4.2, "vegetarian,gluten-free" },

	{ 9, 2, "Classic Cheeseburger", "Beef, aged cheddar, pickles, onion, house sauce", 1090, 0, 4.6, "" },
	{ 10, 2, "Bacon Smash", "Two thin patties, smoked bacon, American cheese", 1340, 0, 4.8, "" },
	{ 11, 2, "Blue Cheese & Fig", "Beef, Roquefort, fig jam, rocket", 1420, 15, 4.5, "" },
	{ 12, 2, "Crispy Chicken", "Buttermilk chicken thigh, slaw, hot honey", 1190, 0, 4.6, "spicy" },
	{ 13, 2, "Halloumi Burger", "Grilled halloumi, roasted pepper, mint yoghurt", 1150, 0, 4.4, "vegetarian" },
	{ 14, 2, "Black Bean Burger", "Black beans, chipotle, avocado, vegan mayo", 1120, 0, 4.3, "vegan,lactose-free" },
	{ 15, 2, "Fries with Sea Salt", "Twice fried, skin on", 450, 0, 4.5, "vegan,gluten-free" },
	{ 16, 2, "Sweet Potato Fries", "With smoked paprika and lime mayo", 520, 0, 4.4, "vegetarian,gluten-free" },

	{ 17, 3, "Salmon Nigiri (6)", "Scottish salmon over warm rice", 1180, 0, 4.7, "lactose-free" },
	{ 18, 3, "Tuna Tataki Roll", "Seared tuna, cucumber, spring onion, ponzu", 1390, 10, 4.8, "lactose-free" },
	{ 19, 3, "California Roll", "Crab, avocado, cucumber, sesame", 1090, 0, 4.4, "lactose-free" },
	{ 20, 3, "Avocado Maki", "Avocado, sesame, nori", 690, 0, 4.2, "vegan,gluten-free" },
	{ 21, 3, "Chef's Sashimi (12)", "What the market had this morning", 2150, 8, 4.9, "gluten-free,lactose-free" },
	{ 22, 3, "Salmon Poke", "Salmon, edamame, mango, pickled ginger, rice", 1390, 0, 4.6, "lactose-free" },
	{ 23, 3, "Tofu Poke", "Marinated tofu, edamame, radish, seaweed, rice", 1220, 0, 4.3, "vegan" },
	{ 24, 3, "Miso Soup", "Tofu, wakame, spring onion", 420, 0, 4.3, "vegan" },

	{ 25, 4, "Pad Thai", "Rice noodles, prawns, tamarind, peanuts, lime", 1290, 0, 4.7, "nuts,lactose-free" },
	{ 26, 4, "Tofu Pad Thai", "Rice noodles, tofu, tamarind, peanuts, lime", 1190, 0, 4.4, "vegan,nuts" },
	{ 27, 4, "Beef Pho", "Broth of twelve hours, rice noodles, brisket, herbs", 1350, 0, 4.8, "gluten-free" },
	{ 28, 4, "Dan Dan Noodles", "Minced pork, Sichuan pepper, sesame, pak choi", 1240, 0, 4.6, "spicy" },
	{ 29, 4, "Green Curry", "Chicken, coconut milk, Thai basil, jasmine rice", 1320, 0, 4.6, "spicy,gluten-free" },
	{ 30, 4, "Butter Chicken", "Tandoori chicken in tomato and butter, basmati", 1380, 0, 4.8, "gluten-free" },
	{ 31, 4, "Chana Masala", "Chickpeas, tomato, ginger, basmati", 1090, 0, 4.5, "vegan,gluten-free" },
	{ 32, 4, "Garlic Naan", "From the tandoor, brushed with garlic butter", 350, 0, 4.7, "vegetarian" },

	{ 33, 5, "Caesar Salad", "Cos lettuce, grilled chicken, Parmesan, croûtons", 1150, 0, 4.5, "" },
	{ 34, 5, "Greek Salad", "Feta, olives, tomato, cucumber, oregano", 980, 0, 4.4, "vegetarian,gluten-free" },
	{ 35, 5, "Niçoise", "Tuna, green beans, egg, potatoes, olives", 1240, 0, 4.5, "gluten-free,lactose-free" },
	{ 36, 5, "Falafel Bowl", "Falafel, hummus, bulgur, pickles, tahini", 1140, 0, 4.6, "vegan" },
	{ 37, 5, "Quinoa & Roasted Beet", "Beetroot, orange, walnuts, goat's cheese", 1180, 0, 4.3, "vegetarian,nuts" },
	{ 38, 5, "Burrito Bowl", "Pulled pork, black beans, corn, guacamole, rice", 1290, 0, 4.6, "gluten-free" },
	{ 39, 5, "Green Goddess", "Kale, broccoli, avocado, pumpkin seeds", 1120, 0, 4.2, "vegan,gluten-free" },

	{ 40, 6, "Butter Croissant", "Twenty-seven layers", 290, 24, 4.8, "vegetarian" },
	{ 41, 6, "Pain au Chocolat", "Two sticks of dark chocolate", 340, 20, 4.8, "vegetarian" },
	{ 42, 6, "Eggs Benedict", "Poached eggs, ham, hollandaise, muffin", 1090, 0, 4.5, "" },
	{ 43, 6, "Shakshuka", "Eggs in peppers and tomato, sourdough", 1020, 0, 4.6, "vegetarian" },
	{ 44, 6, "Blueberry Pancakes", "Three, with maple syrup and crème fraîche", 950, 0, 4.7, "vegetarian" },
	{ 45, 6, "Overnight Oats", "Oat milk, chia, apple, cinnamon", 620, 0, 4.1, "vegan,lactose-free" },
	{ 46, 6, "Sourdough Loaf", "A kilogram, for tomorrow", 650, 9, 4.9, "vegan" },

	{ 47, 7, "Tiramisù", "Mascarpone, espresso, savoiardi, cocoa", 650, 18, 4.9, "vegetarian" },
	{ 48, 7, "New York Cheesecake", "Baked, with sour cherries", 620, 0, 4.6, "vegetarian" },
	{ 49, 7, "Crème Brûlée", "Madagascar vanilla, burnt to order", 590, 0, 4.7, "vegetarian,gluten-free" },
	{ 50, 7, "Mango Sticky Rice", "Coconut rice, ripe mango, sesame", 640, 0, 4.6, "vegan,gluten-free" },
	{ 51, 7, "Chocolate Fondant", "Liquid inside, bring a spoon", 690, 0, 4.8, "vegetarian" },
	{ 52, 7, "Lemon Sorbet", "Sorrento lemons, two scoops", 420, 0, 4.4, "vegan,gluten-free,lactose-free" },

	{ 53, 8, "Still Water 0.5 l", "From the Alps, in glass", 220, 0, 4.0, "vegan,gluten-free" },
	{ 54, 8, "House Lemonade", "Lemon, mint, cane sugar", 390, 0, 4.6, "vegan,gluten-free" },
	{ 55, 8, "Fresh Orange Juice", "Pressed when you order, 0.3 l", 450, 0, 4.7, "vegan,gluten-free" },
	{ 56, 8, "Mango Lassi", "Yoghurt, mango, cardamom", 430, 0, 4.6, "vegetarian,gluten-free" },
	{ 57, 8, "Cold Brew Coffee", "Ethiopian, steeped for sixteen hours", 420, 0, 4.5, "vegan" },
	{ 58, 8, "Jasmine Tea", "A pot for two", 380, 0, 4.4, "vegan" },
	{ 59, 8, "Ginger Kombucha", "Fermented in town, 0.33 l", 460, 16, 4.3, "vegan,gluten-free" },
	{ 60, 8, "Pale Ale 0.33 l", "From the brewery next door; 18 and over", 480, 0, 4.5, "vegan,alcohol" },
};
const size_t menu_n_products = sizeof(menu_products) / sizeof(menu_products[0]);
